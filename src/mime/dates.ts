// Date header → ISO 8601 in UTC. RFC 5322 §3.3 and §4.3, and what clients write instead.

const months: Record<string, number> = {};
const monthNames: readonly (readonly string[])[] = [
  ['jan', 'ene', 'gen', 'janv', 'januar', 'styc', 'янв', 'sty'],
  ['feb', 'fév', 'fev', 'févr', 'fevr', 'lut', 'фев'],
  ['mar', 'mär', 'mae', 'mrz', 'mars', 'maa', 'mrt', 'мар', 'mrc'],
  ['apr', 'avr', 'abr', 'kwi', 'апр'],
  ['may', 'mai', 'mag', 'mei', 'maj', 'май', 'мая'],
  ['jun', 'juin', 'giu', 'cze', 'июн'],
  ['jul', 'juil', 'lug', 'lip', 'июл'],
  ['aug', 'aoû', 'aou', 'ago', 'sie', 'авг'],
  ['sep', 'set', 'wrz', 'сен'],
  ['oct', 'okt', 'ott', 'out', 'paź', 'paz', 'окт'],
  ['nov', 'lis', 'ноя'],
  ['dec', 'dez', 'déc', 'dic', 'gru', 'дек'],
];
for (const [month, names] of monthNames.entries()) for (const name of names) months[name] = month;

/** Minutes east of UTC. Military letters are +0 (RFC 5322 §4.3). */
const zones: Record<string, number> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  wet: 0,
  west: 60,
  bst: 60,
  cet: 60,
  met: 60,
  mez: 60,
  cest: 120,
  mest: 120,
  mesz: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  msd: 240,
  ist: 330,
  sgt: 480,
  hkt: 480,
  awst: 480,
  jst: 540,
  kst: 540,
  acst: 570,
  aest: 600,
  aedt: 660,
  nzst: 720,
  nzdt: 780,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  akst: -540,
  akdt: -480,
  hst: -600,
  ast: -240,
  adt: -180,
  nst: -210,
  ndt: -150,
  brt: -180,
  art: -180,
  sast: 120,
};

/** As the standard has it: nearly every mail. */
const PLAIN =
  /^(?:[A-Za-z]{3},\s*)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))? ([+-])(\d{2})(\d{2})(?!\d)/;

/** Instant of a Date header as ISO 8601 UTC, undefined when no day, month and year can be read. Input: unfolded text, bounded by the caller. */
export function parseDate(input: string): string | undefined {
  const plain = PLAIN.exec(input);
  if (plain !== null) {
    const month = months[(plain[2] ?? '').toLowerCase()];
    const zone = Number(plain[8]) * 60 + Number(plain[9]);
    if (month !== undefined && zone <= 14 * 60) {
      return instant(
        Number(plain[3]),
        month,
        Number(plain[1]),
        plain[4],
        plain[5],
        plain[6],
        plain[7] === '-' ? -zone : zone,
      );
    }
  }
  const text = stripComments(input.slice(0, 300))
    .replace(/(\d)\s{0,9}:\s{0,9}(?=\d)/g, '$1:')
    .trim();
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?)?(.*)$/s.exec(text);
  if (iso !== null) {
    return instant(
      Number(iso[1]),
      Number(iso[2]) - 1,
      Number(iso[3]),
      iso[4],
      iso[5],
      iso[6],
      zoneMinutes(iso[7] ?? ''),
    );
  }
  const time =
    /(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,]\d+)?\s*([ap]\.?m\.?\b)?/i.exec(text) ??
    /(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])\s*([ap]\.?m\.?\b)?/i.exec(text);
  const before = time === null ? text : text.slice(0, time.index);
  const after = time === null ? '' : text.slice(time.index + time[0].length);
  const monthMatch = monthIn(before) ?? monthIn(after);
  if (monthMatch === undefined) return numericDate(before, time, after);
  // The day is beside the month, the year after them or (asctime) after the time.
  const numbers = [...before.matchAll(/\d+/g)].map((m) => m[0]);
  let day = numbers.find((n) => n.length <= 2);
  let year = numbers.find((n) => n.length >= 3 && n.length <= 5);
  if (year === undefined && numbers.filter((n) => n.length <= 2).length >= 2)
    year = numbers.filter((n) => n.length <= 2)[1];
  let zoneText = after;
  if (year === undefined) {
    const later = /(?:^|\s)(\d{4})(?=\s|$)/.exec(after);
    if (later === null) return undefined;
    year = later[1];
    zoneText = after.slice(0, later.index) + after.slice(later.index + later[0].length);
  }
  day ??= /\d{1,2}/.exec(after)?.[0];
  if (day === undefined || year === undefined) return undefined;
  let hour = time?.[1];
  if (time?.[4] !== undefined && hour !== undefined) {
    const h = Number(hour) % 12;
    hour = String(/^p/i.test(time[4]) ? h + 12 : h);
  }
  return instant(fullYear(year), monthMatch, Number(day), hour, time?.[2], time?.[3], zoneMinutes(zoneText));
}

function numericDate(before: string, time: RegExpExecArray | null, after: string): string | undefined {
  const match = /(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})/.exec(before);
  if (match === null) return undefined;
  const [a, b, c] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const zone = zoneMinutes(after);
  if ((match[1] ?? '').length === 4) return instant(a, b - 1, c, time?.[1], time?.[2], time?.[3], zone);
  const year = fullYear(match[3] ?? '');
  const dayFirst = match[0].includes('.') || a > 12;
  return dayFirst
    ? instant(year, b - 1, a, time?.[1], time?.[2], time?.[3], zone)
    : instant(year, a - 1, b, time?.[1], time?.[2], time?.[3], zone);
}

function monthIn(text: string): number | undefined {
  for (const match of text.toLowerCase().matchAll(/\p{L}{3,}/gu)) {
    const word = match[0];
    const month = months[word.slice(0, 4)] ?? months[word.slice(0, 3)];
    if (month !== undefined && !/^(?:mar(?:tes|di|tedì|tedi)|mon|sáb|sab)/.test(word)) return month;
  }
  return undefined;
}

/** RFC 5322 §4.3: 00–49 are 2000–2049, other two- and three-digit years count from 1900. */
function fullYear(year: string): number {
  const n = Number(year);
  if (year.length <= 2) return n < 50 ? 2000 + n : 1900 + n;
  return year.length === 3 ? 1900 + n : n;
}

function zoneMinutes(text: string): number {
  const offset = /(?:^|[\s(]|GMT|UTC)([+-])\s?(\d{2}):?(\d{2})?(?!\d)/i.exec(text);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    // Beyond ±14 h it is no zone: -9999 and the like mean "unknown".
    if (minutes > 14 * 60) return 0;
    return offset[1] === '-' ? -minutes : minutes;
  }
  const short = /(?:^|\s)([+-])(\d):?(\d{2})(?!\d)/.exec(text);
  if (short !== null) return (short[1] === '-' ? -1 : 1) * (Number(short[2]) * 60 + Number(short[3]));
  for (const match of text.matchAll(/[A-Za-z]{1,5}/g)) {
    const zone = zones[match[0].toLowerCase()];
    if (zone !== undefined) return zone;
  }
  return 0;
}

function instant(
  year: number,
  month: number,
  day: number,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  zone: number,
): string | undefined {
  const h = Number(hour ?? 0);
  const m = Number(minute ?? 0);
  const s = Math.min(59, Number(second ?? 0)); // 60 is a leap second
  if (!(year >= 1900 && year <= 9999) || month < 0 || month > 11 || day < 1 || day > 31 || h > 24 || m > 59)
    return undefined;
  const date = new Date(Date.UTC(year, month, day, h, m - zone, s));
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? undefined : date.toISOString();
}

/** Comments hold the zone's name, or anything. A zone that is only in a comment is still used, by the words in `zones`. */
function stripComments(text: string): string {
  if (!text.includes('(')) return text;
  const bare = text.replace(/\([^()]*\)/g, ' ');
  return /[+-]\d{4}|\b(?:GMT|UTC?|[ECMP][SD]T)\b/i.test(bare) ? bare : text.replace(/[()]/g, ' ');
}
