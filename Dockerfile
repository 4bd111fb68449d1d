# Airbyte's published base for Python connectors; connectorBuildOptions.baseImage in metadata.yaml says the same.
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.0.2@sha256:9fdb1888c4264cf6fee473649ecb593f56f58e5d0096a87ee0b231777e2e3e73

FROM ${BASE_IMAGE} AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# An environment of its own, without pip: nothing the base has installed mixes in.
RUN python3 -m venv --without-pip /opt/source-hotmart
COPY requirements requirements
# Wheels only, so that no compiler is needed, each with a hash from the lock. Then out with what the CDK asks for and
# reading an API never imports, half of the environment: numpy and pandas (its SQL and Excel parts), nltk, joblib and
# tqdm (documents), grpcio and Google's secret manager (its command line), rapidfuzz (nothing); a test reads without
# them. So go the libraries' own tests. pip compiles what it installs: a start takes 1.2 s in place of 1.8 s.
RUN python3 -m pip --python /opt/source-hotmart/bin/python3 install --quiet \
        --require-hashes --only-binary :all: -r requirements/main.txt && \
    python3 -m pip --python /opt/source-hotmart/bin/python3 uninstall --quiet --yes \
        numpy pandas nltk joblib tqdm rapidfuzz grpcio grpcio-status grpc-google-iam-v1 google-cloud-secret-manager && \
    find /opt/source-hotmart \( -type d -name tests -prune -o -name 'conftest.*' \) -exec rm -rf {} + && \
    python3 -m pip install --quiet --target /opt/build \
        --require-hashes --only-binary :all: -r requirements/build.txt
COPY LICENSE pyproject.toml ./
COPY source_hotmart source_hotmart
RUN PYTHONPATH=/opt/build python3 -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . && \
    python3 -m pip --python /opt/source-hotmart/bin/python3 install --quiet --no-deps --no-index dist/*.whl

FROM ${BASE_IMAGE}
LABEL io.airbyte.name=airbyte/source-hotmart io.airbyte.version=1.0.0
COPY --from=builder /opt/source-hotmart /opt/source-hotmart
ENV PATH=/opt/source-hotmart/bin:${PATH} AIRBYTE_ENTRYPOINT=/opt/source-hotmart/bin/source-hotmart
USER airbyte
WORKDIR /airbyte
ENTRYPOINT ["/opt/source-hotmart/bin/source-hotmart"]
