# What zsh offers at the end of a command line: a real, interactive zsh in a terminal of its own, set up by zsh-setup.zsh.
# Usage: zsh -f zsh-terminal.zsh LOAD 'COMMAND LINE'; LOAD is what somebody would write into .zshrc.
zmodload zsh/zpty
export OFFERED_LOAD=$1 OFFERED_SETUP=${0:A:h}/zsh-setup.zsh
zpty shell 'zsh -f -i'
zpty -w shell 'source $OFFERED_SETUP'
zpty -r -m shell ignored '*setup-done*'
zpty -w -n shell "$2"$'\t'
zpty -r -m shell out '*offers-end*'
print -rn -- "$out"
