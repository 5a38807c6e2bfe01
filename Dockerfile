# The application alone; docker-compose.yml wires it to PostgreSQL and NATS.
FROM python:3.11-slim

ENV PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY services services
COPY adapters adapters
COPY api api
COPY districts districts

RUN useradd --create-home --uid 10001 renling && install -d -o renling /data
USER renling
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["python", "-m", "api"]
CMD ["run", "--data", "/data"]
