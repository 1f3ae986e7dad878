# The board on one machine, as a container:
#
#     docker build --tag corkboard .
#     docker run --publish 127.0.0.1:8080:8080 --volume corkboard:/data corkboard
#
# Behind a reverse proxy it is told where that is: --trusted-proxy, as `corkboard --help` says. S3 and the Data API stay
# inside the container.
FROM rust:1-slim-trixie AS build
WORKDIR /source
COPY . .
# Every crate of Cargo.toml's workspace is there, and this one is built.
RUN cargo build --release --locked --package corkboard && mkdir /data

# A C library and nothing to run but the program. The same Debian as above, for its glibc.
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /source/target/release/corkboard /usr/local/bin/corkboard
COPY --from=build --chown=nonroot:nonroot /data /data
ENV CORKBOARD_LISTEN=0.0.0.0:8080 CORKBOARD_DATA_DIR=/data
EXPOSE 8080
VOLUME /data
ENTRYPOINT ["corkboard"]
