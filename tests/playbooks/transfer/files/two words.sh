echo no shebang "$@"; pwd
