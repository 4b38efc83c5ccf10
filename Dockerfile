# glibc on purpose: the policy engine has no musl wheels.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml requirements.lock requirements-build.lock LICENSE README.md ./
COPY .ci/build-venv .ci/
COPY policies policies/
COPY consent_service consent_service/
RUN .ci/build-venv /opt/ruggensteun

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/ruggensteun --create-home ruggensteun
COPY --from=build /opt/ruggensteun /opt/ruggensteun
ENV PATH=/opt/ruggensteun/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RUGGENSTEUN_ENVIRONMENT=production \
    RUGGENSTEUN_HOST=0.0.0.0 \
    RUGGENSTEUN_STATE_DIR=/var/lib/ruggensteun
USER 10001
VOLUME /var/lib/ruggensteun
EXPOSE 8080
ENTRYPOINT ["consent-service"]
CMD ["serve"]
