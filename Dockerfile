# The HTTP service, without compiler and root privileges.
#
#   docker build --tag agnews-sk .
#   docker run --read-only --tmpfs /tmp --volume "$PWD/model:/model:ro" --publish 8000:8000 agnews-sk
#
# To include a model in the image: FROM agnews-sk, and COPY it to /model.
FROM python:3.12-slim AS build
WORKDIR /source
RUN python -m venv /opt/agnews_sk
ENV PATH=/opt/agnews_sk/bin:$PATH
COPY constraints.txt .
# An index with CPU-only builds of torch makes the image several gigabytes smaller.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url $TORCH_INDEX} torch
COPY pyproject.toml README.md LICENSE ./
COPY agnews_sk agnews_sk
# Saved models hold their weights: the image needs neither `offline` nor `offline-large`.
RUN pip install --no-cache-dir --constraint constraints.txt ".[serve,onnx]"

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home agnews
COPY --from=build /opt/agnews_sk /opt/agnews_sk
ENV PATH=/opt/agnews_sk/bin:$PATH PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 WORKERS=1
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD \
  ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
# exec, so that SIGTERM reaches the service instead of a shell.
CMD ["sh", "-c", "exec agnews-sk serve /model --host 0.0.0.0 --port 8000 --workers $WORKERS"]
