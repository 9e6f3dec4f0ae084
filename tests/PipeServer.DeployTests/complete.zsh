# What zsh shows for a line of pipeserver's, by the key that lists choices (Control-D), in an interactive shell on a terminal of its own:
#   zsh -f complete.zsh FOLDER_OF_COMPLETIONS "pipeserver serve --transport "
zmodload zsh/zpty
zpty shell "TERM=dumb HOME=$TMPDIR zsh -f -i"
# The prompt says that the line editor has the terminal: before, Control-D would be an end of file. In what is typed it is written in two parts.
zpty -w shell "PS1='rea''dy> ' PROMPT_EOL_MARK= LISTMAX=100000 COLUMNS=300; fpath=(${(q)1} \$fpath); autoload -Uz compinit && compinit -D -u"
zpty -r -m shell output '*ready> *'
zpty -w -n shell "$2"$'\C-d\C-u'
zpty -w shell "print en''d"
zpty -r -m shell output '*end*'
zpty -d shell
print -r -- $output
