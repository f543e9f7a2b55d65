# The image of every process of the production shape; docker-compose.yml says which command each one runs.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes --no-deps -r /tmp/base.txt
COPY . /app
WORKDIR /app
# Catalogues, static files and warning lists belong to the code, so they are made here; the throw-away keys of this step
# stay in /tmp, and the 66 MB of which the lists are made stay behind.
RUN DATA_DIR=/tmp/build /opt/venv/bin/python manage.py compile_catalogues \
 && DATA_DIR=/tmp/build /opt/venv/bin/python manage.py collectstatic --noinput \
 && DATA_DIR=/tmp/build /opt/venv/bin/python manage.py build_warninglists \
 && mkdir -p /data/feeds /data/transfer /data/evidence /data/evidence-keys && mv /tmp/build/static /tmp/build/warninglists.index /data/ \
 && /opt/venv/bin/pip uninstall --yes pymispwarninglists \
 && rm -rf /app/.venv

FROM python:3.11-slim AS program
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin iocmarket
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=iocmarket.settings.production DATA_DIR=/data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=build --chown=10001 /data /data
WORKDIR /app
USER 10001
EXPOSE 8000
CMD ["gunicorn", "iocmarket.wsgi:application", "--config", "python:iocmarket.webserver", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]

# The program with BIND beside it, for the container that serves zones by transfer.
FROM program AS transfer
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends bind9 bind9-utils && rm -rf /var/lib/apt/lists/*
USER 10001
CMD ["python", "manage.py", "serve_transfers"]

FROM program
