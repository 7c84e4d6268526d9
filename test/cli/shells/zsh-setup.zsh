# Prints what is offered between marks. https://zsh.sourceforge.io/Doc/Release/Completion-Widgets.html
PROMPT= RPROMPT=
unset zle_bracketed_paste
eval "$OFFERED_LOAD"
bindkey '^I' complete-word
compadd() {
  # With -O, -A and -D it only looks, and offers nothing.
  if [[ "${@[1,(i)(-|--)]}" == *-[a-zA-Z]#(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  local hit
  builtin compadd -A hits "$@"
  for hit in $hits; do print -r -- "<offer>$hit</offer>"; done
  (( $#hits > 0 ))
}
finish() { print -r '<offers-end>'; exit }
comppostfuncs=(finish)
print -r setup-''done
