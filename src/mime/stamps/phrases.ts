// Known texts that mail systems write into mails: Exchange's safety tips, banners for external mail, footers of scanners. All in lower case, with plain
// apostrophes.

/** Link of Exchange's first-contact tip, in every language. */
export const TIP_LINK = 'aka.ms/learnaboutsenderidentification';
/** Phrases of the tip, for mails without the link. */
export const tipPhrases: readonly string[] = [
  "you don't often get email from", // en
  "some people who received this message don't often get email from",
  'this sender might be impersonating',
  'this sender appears to be similar to someone who previously sent you',
  "the sender's email address couldn't be verified",
  'sie erhalten nicht häufig e-mails von', // de
  'sie erhalten nicht oft e-mails von',
  'sie erhalten nicht oft eine e-mail von',
  'einige personen, die diese nachricht erhalten haben, erhalten',
  "vous n'obtenez pas souvent d'e-mail", // fr
  'vous ne recevez pas souvent de courriers',
  "vous ne recevez pas souvent d'e-mail",
  'certaines personnes qui ont reçu ce message ne reçoivent pas souvent',
  "certains destinataires de ce message n'obtiennent pas souvent",
  'no suele recibir correo', // es
  'algunas personas que recibieron este mensaje no suelen recibir',
  'algunos contactos que recibieron este mensaje no suelen recibir',
  'non si riceve spesso', // it
  'non si ricevono spesso',
  'non ricevi spesso',
  'alcuni utenti che hanno ricevuto questo messaggio non ricevono spesso',
  'u ontvangt niet vaak e-mail', // nl
  'u krijgt niet vaak e-mail',
  'sommige mensen die dit bericht hebben ontvangen',
  'você não costuma receber', // pt
  'não costuma receber',
  'não recebe frequentemente',
  'algumas pessoas que receberam esta mensagem não',
  'nie otrzymujesz często wiadomości', // pl
  'niektóre osoby, które otrzymały tę wiadomość, nie',
  'du får inte ofta e-post', // sv
  'vissa som har tagit emot det här meddelandet får inte ofta',
  'du får ikke ofte', // da, nb
  'nogle personer, der har modtaget denne meddelelse, får ikke ofte',
  'enkelte som mottok denne meldingen, får ikke ofte',
  'et saa usein sähköpostia', // fi
  'jotkin tämän viestin saaneet henkilöt eivät',
  'nedostáváte často', // cs
  'nechodí vám často e-maily',
  'e-maily často nedostávate', // sk
  'nem gyakran kap e-mailt', // hu
  'nem gyakran kapnak e-mailt',
  'sık e-posta almıyorsunuz', // tr
  'genellikle e-posta almıyorsunuz',
  'вы редко получаете', // ru
  'вы нечасто получаете',
  'ви нечасто отримуєте', // uk
  'ви рідко отримуєте',
  'nu primiți des', // ro
  'nu primiți frecvent',
  'δεν λαμβάνετε συχνά', // el
  'からのメールを受け取る頻度は', // ja
  'からメールを受け取ることはあまりありません',
  '通常不会收到来自', // zh
  '不经常收到来自',
  '不常收到來自',
  '通常不會收到來自',
  '에서 이메일을 자주 받지', // ko
  'לעתים קרובות אינך מקבל', // he
  'لا تتلقى البريد الإلكتروني', // ar
];
/** The second sentence of the tip: "Learn why this is important". */
export const tipRest: readonly string[] = [
  'learn why this is important',
  'learn more',
  'erfahren sie, warum dies wichtig ist',
  'weitere informationen, warum dies wichtig ist',
  'découvrez pourquoi',
  'découvrir pourquoi',
  'descubra por qué esto es importante',
  'por qué esto es importante',
  'más información',
  'informazioni sul perché è importante',
  'scopri perché',
  'meer informatie over waarom dit belangrijk is',
  'ontdek waarom dit belangrijk is',
  'saiba por que isso é importante',
  'saiba por que',
  'dowiedz się, dlaczego',
  'läs om varför',
  'ta reda på varför',
  'få mere at vide om',
  'find ud af, hvorfor',
  'finn ut hvorfor',
  'lisätietoja',
  'lue, miksi',
  'zjistěte, proč',
  'další informace',
  'zistite, prečo',
  'ismerje meg',
  'tudja meg',
  'bunun neden önemli',
  'узнайте, почему',
  'дізнайтеся, чому',
  'aflați de ce',
  'μάθετε γιατί',
  'これが重要',
  '了解为什么',
  '了解这一点',
  '瞭解為什麼',
  '了解這',
  '이것이 중요한',
];

/** Alerts at the beginning of a banner. */
export const alerts: readonly string[] = list(
  'caution|warning|attention|external|ext|external email|external e-mail|external mail|external message|external sender|notice|important|alert|security notice|be careful|stop|think|security warning|' +
    'achtung|vorsicht|warnung|hinweis|extern|externe e-mail|externe mail|externer absender|externe nachricht|sicherheitshinweis|wichtiger hinweis|' +
    'avertissement|prudence|externe|courriel externe|e-mail externe|expéditeur externe|message externe|mise en garde|' +
    'precaución|advertencia|atención|cuidado|externo|correo externo|remitente externo|mensaje externo|aviso|' +
    'attenzione|avviso|esterno|email esterna|e-mail esterna|mittente esterno|messaggio esterno|' +
    'let op|waarschuwing|opgelet|externe afzender|extern bericht|pas op|' +
    'atenção|e-mail externo|email externo|mensagem externa|uwaga|ostrzeżenie|zewnętrzny|wiadomość zewnętrzna|e-mail zewnętrzny|' +
    'varning|externt|extern avsändare|externt e-postmeddelande|obs|advarsel|ekstern|ekstern e-mail|ekstern e-post|ekstern avsender|ekstern afsender|forsigtig|forsiktig|varoitus|ulkoinen|huomio|ulkoinen sähköposti|' +
    'pozor|upozornění|upozornenie|externí|externí e-mail|externý|externý e-mail|figyelem|figyelmeztetés|külső|külső e-mail|dikkat|uyarı|harici|harici e-posta|dış e-posta|' +
    'внимание|осторожно|внешнее письмо|внешний отправитель|предупреждение|увага|зовнішній|зовнішній лист|atenție|avertisment|extern|注意|警告|外部メール|社外|社外メール|外部邮件|外部郵件|外部寄件者|주의|외부 메일|외부|זהירות|חיצוני|تحذير|خارجي|تنبيه',
);
/** Tags that are a whole banner. */
export const externalTags: ReadonlySet<string> = new Set(
  list(
    'external|ext|external email|external e-mail|external mail|external message|external sender|extern|externe e-mail|externe mail|externer absender|externe|courriel externe|expéditeur externe|externo|correo externo|remitente externo|esterno|email esterna|mittente esterno|externe afzender|e-mail externo|zewnętrzny|wiadomość zewnętrzna|externt|extern avsändare|ekstern|ekstern e-mail|ekstern e-post|ulkoinen|externí|externí e-mail|externý|külső|harici|внешнее письмо|зовнішній лист|外部メール|社外メール|外部邮件|外部郵件|외부 메일|חיצוני|خارجي',
  ),
);
/** "From outside": makes a sentence that begins with an alert or "this message" a banner. */
export const outside: readonly string[] = list(
  'from outside|outside of the|outside the|outside of our|outside our|outside your|outside of your|external sender|external source|external email|external e-mail|external address|external to|external account|externally|external party|not from within|unknown sender|unverified sender|' +
    'von außerhalb|von ausserhalb|externen absender|externer absender|externen quelle|externen e-mail|externe e-mail|externe quelle|nicht aus unserer organisation|außerhalb der|ausserhalb der|außerhalb unser|ausserhalb unser|außerhalb ihr|extern gesendet|' +
    "de l'extérieur|provient de l'extérieur|externe à|hors de l'organisation|en dehors de|à l'extérieur de|expéditeur externe|source externe|adresse externe|" +
    'fuera de la|fuera de su|fuera de nuestra|remitente externo|origen externo|externo a|fuente externa|' +
    "dall'esterno|esterno all|esterna all|all'esterno|al di fuori|fuori dall|mittente esterno|" +
    'van buiten|buiten de|buiten onze|buiten uw|externe afzender|externe bron|' +
    'fora da|fora de|de fora|remetente externo|origem externa|externo à|spoza|zewnętrznego nadawcy|zewnątrz|z zewnątrz|nadawcy zewnętrznego|' +
    'utanför|utifrån|extern avsändare|uden for|udefra|ekstern afsender|utenfor|utenfra|ekstern avsender|ulkopuolel|ulkoiselta|ulkoisesta|' +
    'mimo naši|mimo organizaci|z externí|mimo organizáci|z externej|kívülről|szervezeten kívül|külső feladó|kuruluş dışı|kurum dışı|dışından|harici bir|' +
    'из внешнего|внешнего отправителя|вне организации|извне|за пределами|ззовні|зовнішнього відправника|за межами|din afara|din exterior|組織外|社外から|外部から|外部の|来自外部|组织外部|公司外部|來自外部|組織外部|조직 외부|외부에서|외부 발신|מחוץ לארגון|من خارج',
);
/** The organisation or the sender, which a banner names. */
export const organizations: readonly string[] = list(
  'organi|compan|network|domain|tenant|sender|external|firm|universit|college|school|institution|agency|' +
    'unternehm|absender|hochschule|extern|société|entreprise|expéditeur|empresa|compañía|remitente|aziend|mittente|bedrijf|afzender|remetente|nadawc|företag|avsändare|virksomhed|afsender|selskap|avsender|yrity|lähettäj|' +
    'společnost|odesílatel|spoločnos|odosielate|szervezet|cég|feladó|kuruluş|kurum|gönderen|şirket|компани|отправител|организац|організац|компані|відправник|compani|expeditor|zewnętrzn|külső|harici|внешн|зовнішн|' +
    '組織|会社|社外|外部|组织|公司|寄件|조직|회사|외부|ארגון|منظم|المؤسسة',
);
/** Words for the mail, which a banner names. */
export const mailWords: readonly string[] = list(
  'mail|message|nachricht|courriel|courrier|correo|mensaje|mensagem|messaggio|bericht|wiadomoś|meddelande|meddelelse|besked|e-post|melding|viesti|sähköposti|správa|zpráva|üzenet|levél|posta|ileti|mesaj|письмо|сообщени|лист|повідомленн|メール|メッセージ|邮件|郵件|메일|메시지|דואר|הודעה|رسالة|بريد|sender|absender|expéditeur|remitente|mittente|afzender|remetente|nadawc|avsändar|afsender|avsender|отправител|відправник',
);
/** "This message": beginnings of sentences in banners and footers. */
export const subjects: readonly string[] = list(
  'this email|this e-mail|this mail|this message|this is an external|this sender|you received this|the sender of this|the message was checked by|' +
    'diese e-mail|diese email|diese mail|diese nachricht|der absender dieser|dies ist eine externe|sie haben eine e-mail|' +
    "ce message|ce mail|cet e-mail|cet email|ce courriel|ce courrier|cette email|cette message|l'expéditeur de ce|l'absence de virus|" +
    'este correo|este mensaje|este e-mail|este email|esta mensagem|el software de antivirus|o software antivírus|el remitente de este|o remetente deste|' +
    'questa e-mail|questa email|questo messaggio|questo mail|il mittente di|deze e-mail|deze email|deze mail|dit bericht|dit e-mailbericht|dit is een|de afzender van|' +
    'ta wiadomość|wiadomość e-mail|ten e-mail|ten email|niniejsza wiadomość|det här meddelandet|detta meddelande|denna e-post|detta e-postmeddelande|denne e-mail|denne mail|denne besked|denne meddelelse|denne e-posten|denne meldingen|denne e-post|' +
    'tämä viesti|tämä sähköposti|tento e-mail|tento email|tato zpráva|táto správa|tento mail|ez az e-mail|ez az üzenet|ez a levél|bu e-posta|bu ileti|bu mesaj|bu eposta|' +
    'это письмо|это сообщение|данное письмо|данное сообщение|цей лист|це повідомлення|acest mesaj|acest e-mail|acest email|このメール|この電子メール|このメッセージ|此邮件|这封邮件|该邮件|此電子郵件|這封郵件|此郵件|이 메일|이 이메일|이 메시지|הודעה זו|הודעת דואר|هذه الرسالة|هذا البريد',
);
/** Advice in a banner, after a sentence about the origin of the mail. */
export const advice: readonly string[] = list(
  "do not click|don't click|not click|links or|attachments|open attachment|recognize the sender|recognise the sender|know the content|content is safe|exercise caution|use caution|be cautious|be careful|caution when|think before|verify the sender|verify the|report suspicious|report any|phish|suspicious|trust the sender|know the sender|do not reply|do not provide|never share|if you are unsure|if in doubt|it support|help desk|helpdesk|service desk|it department|" +
    'klicken sie|keine links|öffnen sie keine|anhänge|anhängen|absender kenn|absender vertrau|vorsichtig|verdächtig|inhalt sicher|seien sie|im zweifel|' +
    "ne cliquez|n'ouvrez|cliquez pas|pièces jointes|liens|reconnaissez l'expéditeur|contenu est s|prudent|suspect|" +
    'no haga clic|no abra|enlaces|archivos adjuntos|reconozca al remitente|contenido es seguro|sospechos|non fare clic|non cliccare|non aprire|allegati|collegamenti|riconosca il mittente|contenuto sia sicuro|sospett|' +
    'klik niet|open geen|bijlagen|koppelingen|herkent de afzender|inhoud veilig|verdacht|não clique|não abra|anexos|reconheça o remetente|conteúdo é seguro|suspeit|' +
    'nie klikaj|nie otwieraj|załącznik|łącz|zawartość jest bezpieczna|podejrzan|klicka inte|öppna inte|bilagor|länkar|klik ikke|åbn ikke|vedhæftede|klikk ikke|ikke åpne|vedlegg|lenker|älä avaa|älä napsauta|liitteitä|linkkejä|' +
    'neklikejte|neotvírejte|přílohy|odkazy|neklikajte|neotvárajte|prílohy|ne kattintson|ne nyissa|mellékletek|hivatkozás|tıklamayın|açmayın|ekleri|bağlantı|не переходите|не открывайте|вложени|ссылк|не відкривайте|вкладенн|посиланн|nu faceți clic|nu deschideți|atașament|linkuri|クリックしない|開かない|添付ファイル|リンク|不要点击|请勿点击|附件|链接|請勿點擊|請勿|連結|클릭하지|첨부|קישורים|קבצים|لا تنقر|المرفقات|الروابط',
);

/** Scanners that sign mails. */
export const scanners: readonly string[] = list(
  'avast|avg|sophos|mimecast|barracuda|messagelabs|symantec|mailscanner|eset|nod32|kaspersky|касперск|bitdefender|mcafee|trend micro|trendmicro|clearswift|mimesweeper|mailmarshal|trustwave|forcepoint|websense|proofpoint|spamtitan|spamfighter|f-secure|fortinet|fortimail|cisco|ironport|g data|gdata|hornetsecurity|retarus|nospamproxy|watchguard|norton|panda|avira|malwarebytes|vipre|norman|dr.web|webroot|amavis|clamav|spamassassin|antivirus|anti-virus|virus scanner|virenscanner|antivirensoftware',
);
/** The work that a scanner's footer states. */
export const scanned: readonly string[] = list(
  'virus|viren|malware|scanned|checked by|geprüft|überprüft|untersucht|vérifié|analysé|analizado|comprobado|verificado|controllat|verificat|gecontroleerd|gescand|sprawdz|przeskanow|skanowan|kontrollerats|scannet|skannet|kontrolleret|kontrollert|tarkist|zkontrolován|skontrolovan|ellenőriz|tarandı|tarafından kontrol|провер|перевір|verificat|検査|チェック|扫描|掃描|검사|נסרק|فحص|dangerous content|spam',
);
/** Complete statements: "Virus-free. www.avast.com". */
export const virusFree: readonly string[] = list(
  'virus-free|virus free|virenfrei|sans virus|garanti sans virus|libre de virus|privo di virus|virusvrij|livre de vírus|sem vírus|wolny od wirusów|wolne od wirusów|bez wirusów|bez virů|bez vírusov|vírusmentes|virüs içermez|virüssüz|без вирусов|без вірусів|не содержит вирусов|virusfri|virusfritt|virusfri.|ei viruksia|virukseton|fără viruși|χωρίς ιούς|ウイルスなし|無病毒|无病毒|바이러스 없음|no virus found in this|no virus found in this message|checked by avg|keine viren in dieser|aucun virus trouvé dans ce|no se encontraron virus en este|nessun virus nel messaggio|geen virus gevonden in dit',
);
/** Sentences that may follow in the same paragraph. */
export const scannerRest: readonly string[] = list(
  "www.|http|<http|for more information|for further information|weitere informationen|plus d'informations|pour plus|más información|para obtener más|per ulteriori|per maggiori|meer informatie|voor meer|więcej informacji|mais informações|mer information|flere oplysninger|další informace|click here|cliquez ici|klicken sie hier|to report this|report this email|version:|version de|virus database|virendatenbank|release date|and is believed to be clean|is believed to be|checked by|and may have been automatically archived|mimecast ltd|and has been",
);

function list(text: string): string[] {
  return text.split('|');
}
