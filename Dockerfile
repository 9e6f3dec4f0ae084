# docker build -t pipeserver .     # --build-arg VERSION=1.2.3 is what it says of itself; there are no tags of git in here to take it from
# docker run --rm -p 8080:8080 -v "$PWD/site:/srv/www:ro" --read-only --cap-drop ALL pipeserver
#
# TLS: -p 443:8443 -v /etc/letsencrypt:/etc/letsencrypt:ro, and as command: serve /srv/www --listen 0.0.0.0:8080 --listen 0.0.0.0:8443,tls --tls-cert FILE
# --tls-key FILE. The user 1654 must be able to read the key. A port below 1024 in the container needs no right with Docker, which allows it.
#
# The image is built from nothing (scratch), because nothing else is needed: one native file, the C library that it loads, libcrypt, by which
# --auth-file checks passwords, and OpenSSL's two for TLS. 20 MB, no shell, no package manager. Built on another processor (docker build --platform) it is for that one.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update && apt-get install -y --no-install-recommends clang && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# What the restore depends on. As long as these files stay the same, what it has downloaded comes from the cache. The platform is a property here:
# restore's own -r is another one (RuntimeIdentifiers), with which the project is not native, and the compiler for that is not downloaded.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Directory.Build.props src/
COPY src/PipeServer/PipeServer.csproj src/PipeServer/
COPY src/PipeServer.Cli/PipeServer.Cli.csproj src/PipeServer.Cli/
RUN dotnet restore src/PipeServer.Cli -p:RuntimeIdentifier=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
COPY .editorconfig ./
COPY src src
ARG VERSION
ENV MinVerVersionOverride=$VERSION
RUN dotnet publish src/PipeServer.Cli -c Release -r linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/') --no-restore -o /publish
# The libraries at the same paths as here, where the loader looks for them; a folder for temporary files; a name for the user.
RUN mkdir -p /image/usr/local/bin /image/etc \
    && mkdir -m 1777 /image/tmp \
    && cp /publish/pipeserver /image/usr/local/bin/ \
    && libraries=$(ldconfig -p | grep -o '/.*/\(libcrypt\.so\.1\|libssl\.so\.3\|libcrypto\.so\.3\)$') \
    && cp --dereference --parents $libraries $(ldd /publish/pipeserver $libraries | grep '(0x' | grep -o '/[^ ]*' | sort -u) /image \
    && echo 'pipeserver:x:1654:1654::/:/nologin' > /image/etc/passwd \
    && echo 'pipeserver:x:1654:' > /image/etc/group

FROM scratch
COPY --from=build /image /
COPY wwwroot /srv/www
# As numbers: Kubernetes' runAsNonRoot looks at them.
USER 1654:1654
EXPOSE 8080
STOPSIGNAL SIGTERM
# Answered inline, whatever the workers do, and in a drain too: a server that finishes its work must not be killed for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s \
    CMD ["/usr/local/bin/pipeserver", "healthcheck", "http://127.0.0.1:8080/healthz/live"]
# What every command keeps that does not say otherwise: `docker run pipeserver serve /srv/www --browse` can be reached, and is healthy. The grace
# period is two seconds less than `docker stop` waits before it kills. For Kubernetes and Compose: kubernetes.yaml, compose.yaml in src/PipeServer.Cli/deploy.
ENV PIPESERVER_ADDRESS=0.0.0.0 PIPESERVER_PORT=8080 PIPESERVER_HEALTH=true PIPESERVER_GRACE=8
# As a list: the signal must reach the server, not a shell.
ENTRYPOINT ["/usr/local/bin/pipeserver"]
CMD ["serve", "/srv/www"]
