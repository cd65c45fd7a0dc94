// Names of charsets as mails declare them, beyond the WHATWG labels and those that iconv-lite knows.

/** Names seen in the wild, by the charset that they mean. Lower case, without quotes; numbers are Windows code pages. */
const names: Readonly<Record<string, string>> = {
  'utf-8': 'utf8 utf-8n unicode-1-1-utf-8 utf8mb4 utf-8-sig 65001',
  'utf-7': 'unicode-1-1-utf-7 unicode-2-0-utf-7 csunicode11utf7 utf7 cp65000',
  'utf-16': 'utf16 ucs-2 iso-10646-ucs-2',
  'windows-1252': 'latin1 latin-1 iso-latin-1 8859-1 x-ansi ansi',
  gb18030: 'gb2312 gbk gb_2312 gb2312-80 gb_2312-80 x-gbk 936 euc-cn',
  hz: 'hz-gb-2312',
  big5: 'big5-hkscs big5hkscs x-x-big5 950',
  'euc-kr': 'ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc_5601 ksc5601 ks-c-5601-1987 uhc 949 euckr',
  'iso-2022-kr': 'csiso2022kr',
  shift_jis: '932 sjis shift-jis x-sjis windows-31j',
  'euc-jp': 'eucjp x-euc-jp',
  'iso-2022-jp': 'iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-ms cp50220 cp50221 cp50222 iso2022jp',
  macintosh: 'x-mac-roman mac-roman macroman',
  'koi8-r': 'koi8r',
  'koi8-u': 'koi8-ru',
  'windows-874': 'tis-620',
};

/** Charset by such a name. */
export const aliases: ReadonlyMap<string, string> = new Map(
  Object.entries(names).flatMap(([charset, known]) => known.split(' ').map((name) => [name, charset] as const)),
);

/** Names that say nothing: the bytes decide. */
export const unspecified: ReadonlySet<string> = new Set([
  '',
  ...'us-ascii ascii ansi_x3.4-1968 ansi_x3.110-1983 iso-ir-6 646 unknown-8bit unknown x-unknown unspecified'.split(
    ' ',
  ),
  ...'8bit 7bit binary default default_charset none charset x-user-defined _autodetect_all'.split(' '),
]);

/** The labels of https://encoding.spec.whatwg.org/#names-and-labels. TextDecoder throws on any other, which is expensive, and senders choose the names. */
export const whatwgLabels: ReadonlySet<string> = new Set(
  'unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8 866 cp866 csibm866 ibm866 csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2 csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3 csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4 csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6 iso-8859-13 iso8859-13 iso885913 iso-8859-14 iso8859-14 iso885914 csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 iso-8859-16 cskoi8r koi koi8 koi8-r koi8_r koi8-ru koi8-u csmacintosh mac macintosh x-mac-roman dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 cp1250 windows-1250 x-cp1250 cp1251 windows-1251 x-cp1251 ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 cp1253 windows-1253 x-cp1253 cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254 cp1255 windows-1255 x-cp1255 cp1256 windows-1256 x-cp1256 cp1257 windows-1257 x-cp1257 cp1258 windows-1258 x-cp1258 x-mac-cyrillic x-mac-ukrainian chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030 big5 big5-hkscs cn-big5 csbig5 x-x-big5 cseucpkdfmtjapanese euc-jp x-euc-jp csiso2022jp iso-2022-jp csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 unicodefffe utf-16be csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le'.split(
    ' ',
  ),
);
