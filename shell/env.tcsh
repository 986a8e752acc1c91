if ( ! $?__CCLAUNCH_BLOCK ) setenv __CCLAUNCH_BLOCK '' ;
if ( ! $?__CCLAUNCH_RC ) setenv __CCLAUNCH_RC '' ;
set __cclaunch_old = "${__CCLAUNCH_BLOCK}" ;
set __cclaunch_rc = "${__CCLAUNCH_RC}" ;
if ( "${__cclaunch_rc}" != "" ) set __cclaunch_old = '' ;
set __cclaunch_new = '' ;
#: variable
if ( "${__cclaunch_rc}" =~ *,CCLAUNCH_NAME:* ) unsetenv CCLAUNCH_NAME ;
set __cclaunch_do = set ; if ( $?CCLAUNCH_NAME ) set __cclaunch_do = '' ;
if ( "${__cclaunch_old}" =~ b*.CCLAUNCH_KEY* ) set __cclaunch_do = set ;
if ( $?CCLAUNCH_NAME && "${__cclaunch_old}" =~ b*.CCLAUNCH_KEYCCLAUNCH_HASH* ) set __cclaunch_do = same ;
if ( "${__cclaunch_do}" == set ) setenv CCLAUNCH_NAME CCLAUNCH_VALUE ;
if ( "${__cclaunch_do}" != "" ) set __cclaunch_new = "${__cclaunch_new}.CCLAUNCH_KEYCCLAUNCH_HASH" ;
#: gone
if ( "${__cclaunch_rc}" =~ *,CCLAUNCH_NAME:* ) unsetenv CCLAUNCH_NAME ;
if ( "${__cclaunch_old}" =~ b*.CCLAUNCH_KEY* ) unsetenv CCLAUNCH_NAME ;
#: end
set __cclaunch_do = b"${__cclaunch_new}" ;
if ( "${__cclaunch_old}" != "" && "${__cclaunch_old}" !~ b* ) set __cclaunch_do = "${__cclaunch_old},l${__cclaunch_new}" ;
if ( "${__cclaunch_new}" == "" && "${__cclaunch_old}" != "" && "${__cclaunch_old}" !~ b* ) set __cclaunch_do = "${__cclaunch_old}" ;
setenv __CCLAUNCH_BLOCK "${__cclaunch_do}" ; unsetenv __CCLAUNCH_RC ;
unset __cclaunch_old __cclaunch_rc __cclaunch_new __cclaunch_do ;
