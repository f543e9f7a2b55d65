"""The database refuses to change a line of custody, and to delete one unless its institution is being erased."""

from django.db import migrations

FORBID = """
CREATE FUNCTION evidence_custody_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM evidence_case c JOIN privacy_erasure e ON e.institution_id = c.institution_id
        WHERE c.id = OLD.case_id
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the chain of custody is append-only (% refused)', TG_OP;
END
$$;
CREATE TRIGGER evidence_custody_append_only BEFORE UPDATE OR DELETE ON evidence_custodyentry
    FOR EACH ROW EXECUTE FUNCTION evidence_custody_is_append_only();
"""
ALLOW = """
DROP TRIGGER evidence_custody_append_only ON evidence_custodyentry;
DROP FUNCTION evidence_custody_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial"), ("privacy", "0001_erasure")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
