# Two stages: wheels are built and installed with pip in the first, the second holds what runs.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml README.md ./
COPY authsvc ./authsvc
# The package itself is run from /app; only what it depends on stays in the virtual environment.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir . \
    && /venv/bin/pip uninstall --yes authsvc

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data authsvc \
    && install -d -o authsvc -g authsvc -m 0700 /data
WORKDIR /app
COPY --from=build /venv /venv
COPY run.py ./
COPY authsvc ./authsvc
COPY sql ./sql
COPY migrations ./migrations
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AUTHSVC_HOST=0.0.0.0 \
    AUTHSVC_DATA_DIR=/data
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "run.py", "serve"]
