# syntax=docker/dockerfile:1
# Builds the binary, and an image with nothing but that and what it links to.
#   docker build --tag ballast .
#   docker run --read-only --cap-drop ALL --publish 8080:8080 \
#     --volume ./servers.yaml:/etc/ballast/config.yaml:ro ballast

ARG DENO_VERSION=2.9.6

FROM denoland/deno:${DENO_VERSION} AS build
WORKDIR /source
COPY . .
RUN deno task compile

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /source/ballast /usr/local/bin/ballast
COPY deploy/container.yaml /etc/ballast/config.yaml
# It writes nothing, so the file system can be read-only. Ports below 1024 are not for this user.
USER nonroot
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/ballast"]
CMD ["listen", "--config", "/etc/ballast/config.yaml"]
