// Date header → ISO 8601 in UTC. RFC 5322 §3.3 and §4.3, and what clients write instead.

/** Beginnings of the names of the months, January first. */
const monthNames: readonly string[] = [
  'jan ene gen janv januar styc янв sty',
  'feb fév fev févr fevr lut фев',
  'mar mär mae mrz mars maa mrt мар mrc',
  'apr avr abr kwi апр',
  'may mai mag mei maj май мая',
  'jun juin giu cze июн',
  'jul juil lug lip июл',
  'aug aoû aou ago sie авг',
  'sep set wrz сен',
  'oct okt ott out paź paz окт',
  'nov lis ноя',
  'dec dez déc dic gru дек',
];
const months = new Map(monthNames.flatMap((names, month) => names.split(' ').map((name) => [name, month] as const)));

/** Names of zones by minutes east of UTC. Military letters are +0 (RFC 5322 §4.3). */
const zoneNames: readonly (readonly [minutes: number, names: string])[] = [
  [-600, 'hst'],
  [-540, 'akst'],
  [-480, 'pst akdt'],
  [-420, 'mst pdt'],
  [-360, 'cst mdt'],
  [-300, 'est cdt'],
  [-240, 'edt ast'],
  [-210, 'nst'],
  [-180, 'adt brt art'],
  [-150, 'ndt'],
  [0, 'ut utc gmt z wet'],
  [60, 'west bst cet met mez'],
  [120, 'cest mest mesz eet sast'],
  [180, 'eest msk'],
  [240, 'msd'],
  [330, 'ist'],
  [480, 'sgt hkt awst'],
  [540, 'jst kst'],
  [570, 'acst'],
  [600, 'aest'],
  [660, 'aedt'],
  [720, 'nzst'],
  [780, 'nzdt'],
];
const zones = new Map(
  zoneNames.flatMap(([minutes, names]) => names.split(' ').map((name) => [name, minutes] as const)),
);

/** The standard form, which nearly every mail has. */
const PLAIN =
  /^(?:[A-Za-z]{3},\s*)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))? ([+-])(\d{2})(\d{2})(?!\d)/;

/** Instant of a Date header as ISO 8601 UTC; undefined without a readable day, month and year. Input: unfolded text, bounded by the caller. */
export function parseDate(input: string): string | undefined {
  const plain = PLAIN.exec(input);
  if (plain !== null) {
    const month = months.get((plain[2] ?? '').toLowerCase());
    const zone = Number(plain[8]) * 60 + Number(plain[9]);
    if (month !== undefined && zone <= MAX_ZONE)
      return instant(Number(plain[3]), month, Number(plain[1]), plain.slice(4, 7), plain[7] === '-' ? -zone : zone);
  }
  const text = stripComments(input.slice(0, 300))
    .replace(/(\d)\s{0,9}:\s{0,9}(?=\d)/g, '$1:')
    .trim();
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?)?(.*)$/s.exec(text);
  if (iso !== null)
    return instant(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), iso.slice(4, 7), zoneMinutes(iso[7] ?? ''));
  const time =
    /(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,]\d+)?\s*([ap]\.?m\.?\b)?/i.exec(text) ??
    /(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])\s*([ap]\.?m\.?\b)?/i.exec(text);
  const clock: Clock = time?.slice(1, 4) ?? [];
  const before = time === null ? text : text.slice(0, time.index);
  const after = time === null ? '' : text.slice(time.index + time[0].length);
  const month = monthIn(before) ?? monthIn(after);
  if (month === undefined) return numericDate(before, clock, after);
  // The day is beside the month; the year follows them or (asctime) the time.
  const numbers = before.match(/\d+/g) ?? [];
  const short = numbers.filter((n) => n.length <= 2);
  let year = numbers.find((n) => n.length >= 3 && n.length <= 5) ?? short[1];
  let zoneText = after;
  if (year === undefined) {
    const later = /(?:^|\s)(\d{4})(?=\s|$)/.exec(after);
    if (later === null) return undefined;
    year = later[1];
    zoneText = after.slice(0, later.index) + after.slice(later.index + later[0].length);
  }
  const day = short[0] ?? /\d{1,2}/.exec(after)?.[0];
  if (day === undefined || year === undefined) return undefined;
  if (time?.[4] !== undefined) clock[0] = String((Number(time[1]) % 12) + (/^p/i.test(time[4]) ? 12 : 0));
  return instant(fullYear(year), month, Number(day), clock, zoneMinutes(zoneText));
}

function numericDate(before: string, clock: Clock, after: string): string | undefined {
  const match = /(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})/.exec(before);
  if (match === null) return undefined;
  const [a, b, c] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const zone = zoneMinutes(after);
  if ((match[1] ?? '').length === 4) return instant(a, b - 1, c, clock, zone);
  const year = fullYear(match[3] ?? '');
  const dayFirst = match[0].includes('.') || a > 12;
  return dayFirst ? instant(year, b - 1, a, clock, zone) : instant(year, a - 1, b, clock, zone);
}

function monthIn(text: string): number | undefined {
  for (const [word] of text.toLowerCase().matchAll(/\p{L}{3,}/gu)) {
    const month = months.get(word.slice(0, 4)) ?? months.get(word.slice(0, 3));
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

/** Minutes of the farthest zone. -9999 and the like mean "unknown". */
const MAX_ZONE = 14 * 60;

function zoneMinutes(text: string): number {
  const offset = /(?:^|[\s(]|GMT|UTC)([+-])\s?(\d{2}):?(\d{2})?(?!\d)/i.exec(text);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    if (minutes > MAX_ZONE) return 0;
    return offset[1] === '-' ? -minutes : minutes;
  }
  const short = /(?:^|\s)([+-])(\d):?(\d{2})(?!\d)/.exec(text);
  if (short !== null) return (short[1] === '-' ? -1 : 1) * (Number(short[2]) * 60 + Number(short[3]));
  for (const [word] of text.matchAll(/[A-Za-z]{1,5}/g)) {
    const zone = zones.get(word.toLowerCase());
    if (zone !== undefined) return zone;
  }
  return 0;
}

/** Hour, minute and second, as far as they are given. */
type Clock = (string | undefined)[];

function instant(year: number, month: number, day: number, clock: Clock, zone: number): string | undefined {
  const [h = 0, m = 0, s = 0] = clock.map((digits) => Number(digits ?? 0));
  if (!(year >= 1900 && year <= 9999) || month < 0 || month > 11 || day < 1 || day > 31 || h > 24 || m > 59)
    return undefined;
  // 60 is a leap second.
  const date = new Date(Date.UTC(year, month, day, h, m - zone, Math.min(59, s)));
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? undefined : date.toISOString();
}

/** Comments hold the zone's name, or anything. Their words count only where the zone is nowhere else. */
function stripComments(text: string): string {
  if (!text.includes('(')) return text;
  const bare = text.replace(/\([^()]*\)/g, ' ');
  return /[+-]\d{4}|\b(?:GMT|UTC?|[ECMP][SD]T)\b/i.test(bare) ? bare : text.replace(/[()]/g, ' ');
}
