"""Links of the chain are append-only too; each event enters the queue of the sealer; an event may forget its origin."""

from django.db import migrations

SEALS = """
CREATE FUNCTION audit_seal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit seals are append-only (% refused)', TG_OP;
END
$$;
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION audit_seal_is_append_only();
CREATE TRIGGER audit_seal_no_truncate BEFORE TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_seal_is_append_only();
"""
NO_SEALS = """
DROP TRIGGER audit_seal_no_truncate ON audit_seal;
DROP TRIGGER audit_seal_append_only ON audit_seal;
DROP FUNCTION audit_seal_is_append_only();
"""
QUEUE = """
CREATE FUNCTION audit_event_awaits_its_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (event_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_event_to_seal AFTER INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_awaits_its_seal();
INSERT INTO audit_unsealed (event_id) SELECT id FROM audit_event;
"""
NO_QUEUE = """
DROP TRIGGER audit_event_to_seal ON audit_event;
DROP FUNCTION audit_event_awaits_its_seal();
"""
# The rule of migration 0002 with its one exception: address, client and salt go, together, and nothing else changes.
FORGET = """
CREATE OR REPLACE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    origin text[] := ARRAY['address', 'client', 'salt'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.address IS NULL AND NEW.client = ''
            AND to_jsonb(NEW) - origin = to_jsonb(OLD) - origin THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit events are append-only (% refused)', TG_OP;
END
$$;
"""
FORGET_NOTHING = """
CREATE OR REPLACE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only (% refused)', TG_OP;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_origin_and_seals")]

    operations = [
        migrations.RunSQL(SEALS, NO_SEALS),
        migrations.RunSQL(QUEUE, NO_QUEUE),
        migrations.RunSQL(FORGET, FORGET_NOTHING),
    ]
