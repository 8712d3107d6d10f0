# Completion of snappy for bash; made by `TWINKEEL_WRITE=1 cargo test -p snappy help`.

_snappy() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]} words="" names=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="info versions why update-versions update rollback reinstall reset search install remove purge list tags framework hw-assign hw-unassign hw-info hold config changes network service build chroot help --help --version"
    else
        case $verb:$before in
            update:--from|build:-o|build:--output) names=files ;;
            why:--boots|update:--channel|update:--version|install:--channel|install:--grant|hold:--until|hold:--for) return ;;
            *)
                case $verb in
                    help) words="info versions why update-versions update rollback reinstall reset search install remove purge list tags framework hw-assign hw-unassign hw-info hold config changes network service build chroot" ;;
                    info) words="--json --help" names=parts ;;
                    versions) words="--all --json --help" ;;
                    why) words="--boots --json --help" ;;
                    update-versions) words="--json --help" ;;
                    update) words="--channel --version --automatic-reboot --allow-stopped --from --allow-downgrade --retry-failed --json --help" names=parts ;;
                    rollback) words="--json --help" names=parts ;;
                    reinstall) words="usb network both --unattended --json --help" ;;
                    reset) words="--keep-data --yes --json --help" ;;
                    search) words="--json --help" ;;
                    install) words="--allow-unauthenticated --channel --grant --json --help" names=files ;;
                    remove|uninstall) words="--json --help" names=parts ;;
                    purge) words="--json --help" names=parts ;;
                    list) words="--all --updates --verbose --json --help" ;;
                    tags) words="--json --help" ;;
                    framework) words="--json --help" ;;
                    hw-assign) words="--json --help" names=parts ;;
                    hw-unassign) words="--json --help" names=parts ;;
                    hw-info) words="--json --help" names=parts ;;
                    hold) words="--until --for --release --json --help" names=parts ;;
                    config) words="--json --help" names=parts ;;
                    changes) words="--json --help" ;;
                    network) words="--json --help" ;;
                    service) words="logs start stop restart enable disable --follow --json --help" names=parts ;;
                    build) words="--output --json --help" names=files ;;
                    chroot) words="--json --help" ;;
                esac
                ;;
        esac
    fi
    case $names in
        parts) words+=" $(snappy list 2>/dev/null | awk 'NR > 1 { print $1 }')" ;;
        files)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            ;;
    esac
    local more
    mapfile -t more < <(compgen -W "$words" -- "$word")
    COMPREPLY+=("${more[@]}")
}
complete -F _snappy snappy
