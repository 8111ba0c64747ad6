/* Texts for people go through gettext: English is the source. */
#ifndef TCPWHY_BASE_TEXT_H
#define TCPWHY_BASE_TEXT_H

#include <libintl.h>

#define TEXT_DOMAIN "tcpwhy"
#define _(text) dgettext(TEXT_DOMAIN, text)
#define N_(text) text /* marked for extraction, translated where it is printed */
#define NG_(one, many, n) dngettext(TEXT_DOMAIN, one, many, n)

#endif
