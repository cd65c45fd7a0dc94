// Labels of the block that Outlook and similar programs write above the mail that they answer.

/** By language: From, then Sent or Date, To, Cc, Subject and rarer ones. In lower case. */
const table: Readonly<Record<string, readonly [from: string, others: string]>> = {
  ar: ['من|المرسل', 'تاريخ الإرسال|تم الإرسال|تم الارسال|أُرسلت|التاريخ|إلى|الى|نسخة|نسخة إلى|الموضوع|الرد على'],
  az: ['kimdən|göndərən', 'göndərilib|tarix|kimə|mövzu'],
  be: ['ад|ад каго', 'адпраўлена|дата|каму|тэма'],
  bg: ['от|от кого', 'изпратено|дата|до|копие|относно|тема'],
  bn: ['থেকে|প্রেরক', 'পাঠানো হয়েছে|তারিখ|প্রতি|প্রাপক|বিষয়'],
  bs: ['od|šalje', 'poslano|za|prima|predmet|naslov'],
  ca: ['de', 'enviat|enviat el|data|per a|a|a/c|assumpte|tema'],
  cs: ['od|odesílatel', 'odesláno|datum|komu|kopie|předmět|odpověď na|důležitost|priorita'],
  cy: ['oddi wrth|gan', 'anfonwyd|at|pwnc|dyddiad'],
  da: ['fra|afsender', 'sendt|dato|til|cc|emne|svar til|prioritet'],
  de: [
    'von|absender',
    'gesendet|gesendet am|gesendet um|datum|an|empfänger|kopie|kopie (cc)|cc|betreff|antwort an|wichtigkeit|priorität|uhrzeit|dringlichkeit|bcc|thema',
  ],
  el: ['από|αποστολέας', 'στάλθηκε|αποστολή|εστάλη|ημερομηνία|προς|κοιν.|κοινοποίηση|θέμα'],
  en: ['from|sender', 'sent|date|sent on|to|cc|bcc|subject|reply-to|reply to|importance|priority|when|where|sent at'],
  es: ['de|remitente|desde', 'enviado|enviado el|fecha|enviada|para|a|cc|asunto|responder a|importancia|fecha y hora'],
  et: ['saatja|kellelt', 'saatmisaeg|saadetud|kuupäev|adressaat|kellele|saaja|koopia|teema'],
  eu: ['nork|igorlea|nondik', 'bidaltze-data|bidalia|data|nori|hartzailea|gaia'],
  fa: ['از|فرستنده', 'ارسال شده|ارسال‌شده|تاریخ|به|گیرنده|رونوشت|موضوع'],
  fi: ['lähettäjä', 'lähetetty|päivämäärä|päiväys|pvm|vastaanottaja|kopio|aihe|saaja'],
  fil: ['mula kay|mula sa', 'ipinadala|petsa|para kay|para sa|paksa'],
  fr: [
    'de|expéditeur|de la part de',
    "envoyé|envoyé le|date|date d'envoi|à|a|pour|destinataire|destinataires|cc|copie à|copie|objet|sujet|répondre à|importance|message du",
  ],
  gl: ['de', 'enviado|data|para|a|asunto'],
  he: ['מאת', 'נשלח|נשלחה|נשלח ב|תאריך|אל|עותק|נושא|העתק'],
  hi: ['प्रेषक|से|द्वारा', 'भेजा गया|भेजे गए|दिनांक|तारीख|प्रति|को|विषय'],
  hr: ['šalje|od|pošiljatelj', 'poslano|datum|prima|za|kome|kopija|predmet|naslov'],
  hu: ['feladó|küldő', 'elküldve|küldve|dátum|küldés dátuma|címzett|másolatot kap|másolat|tárgy'],
  hy: ['ումից|ուղարկող', 'ուղարկված է|ամսաթիվ|ում|թեմա'],
  id: ['dari|pengirim', 'dikirim|terkirim|tanggal|kepada|ke|untuk|subjek|perihal'],
  is: ['frá|sendandi', 'sent|dagsetning|til|afrit|efni'],
  it: [
    'da|mittente',
    'inviato|inviato il|data|data invio|a|per|destinatario|destinatari|cc|oggetto|rispondi a|importanza|priorità',
  ],
  ja: ['差出人|送信元|送信者|from', '送信日時|日時|日付|送信日|宛先|送信先|件名|cc|題名'],
  ka: ['ვისგან|გამომგზავნი', 'გაიგზავნა|თარიღი|ვის|მიმღები|თემა'],
  kk: ['кімнен|жіберуші', 'жіберілді|күні|кімге|тақырып|тақырыбы'],
  ko: [
    '보낸 사람|보낸사람|발신|발신자|발신인',
    '보낸 날짜|보낸날짜|날짜|받는 사람|받는사람|수신|수신자|참조|제목|발송일|보낸 시간',
  ],
  lt: ['nuo|siuntėjas', 'išsiųsta|data|siųsta|kam|iki|gavėjas|kopija|tema'],
  lv: ['no|sūtītājs', 'nosūtīts|datums|kam|adresāts|kopija|tēma|temats'],
  mk: ['од', 'испратено|датум|до|за|предмет|тема'],
  ms: ['daripada|dari', 'dihantar|tarikh|kepada|subjek'],
  nb: ['fra|avsender', 'sendt|dato|til|kopi|emne|svar til|prioritet'],
  nl: ['van|afzender', 'verzonden|verzonden op|datum|aan|naar|kopie|cc|onderwerp|antwoord aan|urgentie|prioriteit'],
  pl: [
    'od|nadawca',
    'wysłano|wysłane|data|data wysłania|do|dw|kopia|adresat|odbiorca|temat|odpowiedź-do|odpowiedz do|ważność|priorytet',
  ],
  pt: [
    'de|remetente',
    'enviado|enviada|enviada em|enviado em|enviado a|data|para|a|cc|destinatário|assunto|responder a|importância|data de envio',
  ],
  ro: [
    'de la|expeditor|expeditorul|din partea',
    'trimis|trimis la|trimisă|dată|data|către|catre|destinatar|destinatarul|la|subiect|subiectul',
  ],
  ru: ['от|от кого|отправитель', 'отправлено|дата|дата отправки|кому|копия|тема|получатель|важность'],
  sk: ['od|odosielateľ', 'odoslané|dátum|komu|pre|kópia|predmet'],
  sl: ['od|pošiljatelj', 'poslano|datum|za|prejemnik|kp|kopija|zadeva'],
  sq: ['nga|dërguesi', 'dërguar|data|për|te|subjekti|tema'],
  sr: ['od|шаље|од|šalje', 'poslato|послато|датум|za|за|prima|прима|коме|kopija|naslov|наслов|предмет|тема'],
  sv: ['från|avsändare', 'skickat|datum|skickades|till|kopia|ämne|svara till|svar till|prioritet'],
  sw: ['kutoka|kutoka kwa', 'imetumwa|tarehe|kwa|mada'],
  ta: ['அனுப்புநர்|இருந்து', 'அனுப்பியது|தேதி|பெறுநர்|பொருள்'],
  th: ['จาก|ผู้ส่ง', 'ส่ง|ส่งเมื่อ|วันที่|วันที่ส่ง|ถึง|ผู้รับ|สำเนา|เรื่อง|หัวข้อ'],
  tr: ['kimden|gönderen', 'gönderildi|gönderilme|tarih|gönderme tarihi|gönderilen|kime|alıcı|bilgi|konu'],
  uk: ['від|від кого|відправник', 'надіслано|відправлено|дата|кому|копія|тема|одержувач'],
  ur: ['از|منجانب', 'بھیجا گیا|تاریخ|بنام|موضوع'],
  vi: ['từ|người gửi', 'đã gửi|ngày gửi|ngày|gửi|đến|tới|người nhận|chủ đề|tiêu đề'],
  zh: [
    '发件人|發件人|寄件者|寄件人|发自|發自|发件者',
    '发送时间|發送時間|发送日期|寄件日期|傳送日期|日期|时间|時間|收件人|收件者|抄送|副本|主题|主題|主旨|件名|标题|日付',
  ],
};

export const senderLabels: ReadonlySet<string> = new Set(Object.values(table).flatMap(([from]) => from.split('|')));
export const otherLabels: ReadonlySet<string> = new Set(
  [
    ...Object.values(table).flatMap(([, others]) => others.split('|')),
    'adresat',
    'destinataire',
    'назначение',
    'komu',
    'x-original-to',
  ].filter((label) => !senderLabels.has(label)),
);

/** Labels of the subject, which only a mail's header has. */
export const subjectLabels: ReadonlySet<string> = new Set(
  (
    'subject|betreff|thema|objet|sujet|asunto|assumpte|oggetto|onderwerp|temat|assunto|emne|ämne|aihe|předmět|predmet|naslov|zadeva|tárgy|тема|относно|предмет|наслов|konu|mövzu|subiect|subiectul|tema|teema|tēma|temats|' +
    'efni|gaia|θέμα|נושא|الموضوع|موضوع|主题|主題|主旨|件名|题名|標題|标题|題名|제목|chủ đề|tiêu đề|subjek|perihal|เรื่อง|หัวข้อ|विषय|বিষয়|பொருள்|тақырып|тақырыбы|թեմա|თემა|subjekti|paksa|pwnc|mada'
  ).split('|'),
);
