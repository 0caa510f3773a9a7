# An image of the command:
#   docker build --tag dateline .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" dateline run --input 'examples/*.txt' --output news
# CI has no Docker: it runs the RUN lines, in this order, in an environment of the same Python (.ci/run).
FROM python:3.13-slim AS wheel
COPY . /src
RUN pip wheel --quiet --no-deps --wheel-dir /dist /src

FROM python:3.13-slim
COPY --from=wheel /dist /dist
RUN pip install --quiet --no-cache-dir /dist/dateline-*.whl && dateline --version

USER nobody
WORKDIR /work
ENTRYPOINT ["dateline"]
