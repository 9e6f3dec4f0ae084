# Completion of pipeserver for bash. Made by packaging/generate from the table of options.
_pipeserver() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} kind=text words=
    # --option=value is three words here.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'serve check healthcheck upgrade --help --version' -- "$current")
        return
    fi
    case ${COMP_WORDS[1]} in
        serve | check)
            case $previous in
                --forwarded) kind=words words='x-forwarded-for forwarded none' ;;
                --transport) kind=words words='epoll sockets' ;;
                --tls-min) kind=words words='1.2 1.3' ;;
                --tls-engine) kind=words words='auto openssl sslstream' ;;
                --overload) kind=words words='reject wait' ;;
                --unknown-host) kind=words words='default 421' ;;
                --log-level) kind=words words='trace debug information warning error critical none' ;;
                --log-format) kind=words words='text json systemd' ;;
                --access-log-format) kind=words words='common combined json' ;;
                --etag) kind=words words='host stat content' ;;
                --server-header) kind=words words='version none' ;;
                --date) kind=words words='on off' ;;
                --tls-cert | --tls-key | --tls-pfx | --tls-pfx-password-file | --tls-client-ca | --tls-ticket-keys | --admin-auth-file | --auth-file | --report | --pid-file | --access-log | --config) kind=file ;;
                -a | --address | -p | --port | --listen | --socket-mode | --socket-group | --trusted-proxy | --tls-ciphers | --max-handshakes | --admin | --index | --base-path | --ext | --mime | --cache | --immutable | --header | --attachment | -w | --workers | --queue | --rate-limit | --exit-after | --grace | --drain-delay | --access-log-skip | --max-connections | --max-connections-per-ip | --max-streams | --backlog | --max-request-line | --max-request-head | --max-request-headers | --max-request-body | --min-rate | --file-cache | --file-cache-max | --file-cache-count | --max-sorted | --loops | --keep-alive-timeout | --head-timeout | --drain-idle | --body-timeout | --write-timeout | --queue-timeout | --upgrade-timeout) return ;;
                *)
                    if [[ $current == -* ]]; then
                        kind=words words='-a --address -p --port --listen --socket-mode --socket-group --proxy-protocol --trusted-proxy --forwarded --reuse-port --transport --tls-cert --tls-key --tls-pfx --tls-pfx-password-file --tls-self-signed --tls-min --tls-ciphers --tls-client-ca --tls-client-optional --tls-ticket-keys --tls-engine --redirect-http --hsts --max-handshakes --admin --admin-auth-file --index --browse --base-path --spa --ext --mime --compress --cache --immutable --header --cors --attachment --auth-file --hidden --follow-symlinks -w --workers --queue --overload --rate-limit --health --unknown-host --demo --exit-after --grace --drain-delay --report --pid-file --log-level --log-format --access-log --access-log-format --access-log-skip -q --quiet --config --etag --server-header --date --max-connections --max-connections-per-ip --max-streams --backlog --max-request-line --max-request-head --max-request-headers --max-request-body --min-rate --file-cache --file-cache-max --file-cache-count --max-sorted --loops --keep-alive-timeout --head-timeout --drain-idle --body-timeout --write-timeout --queue-timeout --upgrade-timeout -h --help'
                    else
                        kind=folder
                    fi ;;
            esac ;;
        healthcheck)
            case $previous in
                --timeout) return ;;
                *)
                    if [[ $current == -* ]]; then
                        kind=words words='--timeout -h --help'
                    else
                        return
                    fi ;;
            esac ;;
        upgrade)
            case $previous in
                --pid-file) kind=file ;;
                --admin | --timeout) return ;;
                *)
                    if [[ $current == -* ]]; then
                        kind=words words='--pid-file --admin --timeout -h --help'
                    else
                        return
                    fi ;;
            esac ;;
    esac
    case $kind in
        file | folder)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -A "${kind/folder/directory}" -- "$current") ;;
        words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    esac
}
complete -F _pipeserver pipeserver
