// The portal's one style sheet, as text: served by us, no build, nothing from elsewhere. Light and dark by the browser's wish; at phone width
// a table's rows become cards, each cell with the name of its column.

export const styleSheet = `
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--soft:#f0f2f5;--text:#17212b;--dim:#52606e;--line:#dde2e8;--edge:#808d9a;--brand:#0a58a8;--brand-text:#fff;--brand-bg:#e8f1fb;
--ok:#0f6333;--ok-bg:#e1f4e8;--warn:#734600;--warn-bg:#fff2d4;--bad:#a0141d;--bad-bg:#fde9e9;--off:#47535f;--off-bg:#e8ebef;--head:#10263b;--shadow:0 1px 2px rgba(16,38,59,.06)}
@media (prefers-color-scheme:dark){:root{--bg:#0f151b;--card:#171f28;--soft:#1e2832;--text:#e7ecf1;--dim:#a4b1be;--line:#2b3845;--edge:#748393;--brand:#84bcf6;--brand-text:#07203a;--brand-bg:#16304a;
--ok:#8fe0ad;--ok-bg:#12351f;--warn:#ffd485;--warn-bg:#3a2b09;--bad:#ffb3b3;--bad-bg:#471a1d;--off:#b6c2cd;--off-bg:#2a3540;--head:#0a1119;--shadow:none}}
*{box-sizing:border-box}
html{scroll-padding:1rem 0 5.5rem}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
a{color:var(--brand)}
:focus-visible{outline:3px solid var(--brand);outline-offset:2px;border-radius:5px}
main:focus{outline:0}
code,.mono{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:9}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.in{max-width:82rem;margin:auto;padding:0 1.5rem}
header.top{background:var(--head);color:#fff}
header.top .in{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem 1.25rem;padding-top:.65rem;padding-bottom:.65rem}
.brand{display:flex;align-items:center;gap:.6rem;font-weight:650;font-size:1.08rem;color:#fff;text-decoration:none}
.brand svg{display:block}.brand small{font-weight:400;color:#c3d1de;border-left:1px solid #43586c;padding-left:.6rem}
.who{margin-left:auto;display:flex;flex-wrap:wrap;align-items:center;gap:.2rem 1rem;font-size:.9rem;color:#dbe5ee}
.who a{color:#fff}.who form{margin:0}.who .role{color:#c3d1de}
header.top :focus-visible{outline-color:#fff}
nav.menu-bar{background:var(--card);border-bottom:1px solid var(--line);box-shadow:var(--shadow)}
nav.menu-bar ul{display:flex;list-style:none;margin:0;padding:0;gap:.25rem;overflow-x:auto}
nav.menu-bar .in>ul{margin:0 -.75rem}
nav.menu-bar li{display:flex;align-items:stretch;white-space:nowrap}
nav.menu-bar a{color:var(--dim);text-decoration:none;padding:.7rem .75rem .55rem;border-bottom:3px solid transparent;font-weight:550}
nav.menu-bar a:hover{color:var(--text)}
nav.menu-bar a[aria-current]{color:var(--text);border-color:var(--brand);font-weight:650}
nav.menu-bar :focus-visible{outline-offset:-3px}
nav.menu-bar .apart{border-left:1px solid var(--line);margin-left:.4rem;padding-left:.4rem}nav.menu-bar .group{color:var(--dim);padding:.7rem .2rem .55rem .75rem;border-left:1px solid var(--line);margin:0 0 0 .4rem}
button.link{background:none;border:0;padding:0;color:inherit;font:inherit;text-decoration:underline;cursor:pointer}
main{max-width:82rem;margin:0 auto;padding:1.5rem 1.5rem 4rem}
h1{font-size:1.55rem;margin:0 0 .25rem;line-height:1.25;letter-spacing:-.01em}h2{font-size:1.08rem;margin:0 0 .75rem;line-height:1.35}
section{margin:1.75rem 0 0}
.lead{color:var(--dim);margin:0 0 1.25rem;max-width:48rem}
.crumb{margin:0 0 .6rem;font-size:.9rem}
.bar>h2{margin:0}.bar{display:flex;flex-wrap:wrap;gap:.75rem 1rem;align-items:flex-end;justify-content:space-between;margin-bottom:1rem}
.bar .lead{margin:0}
.filter{display:flex;flex-wrap:wrap;gap:.75rem;align-items:flex-end}.filter>div{flex:0 1 auto}.filter label{font-size:.87rem}
.buttons{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.button,button.main,button.plain{display:inline-block;font:inherit;font-weight:600;line-height:1.3;padding:.5rem .95rem;border-radius:7px;border:1px solid var(--line);background:var(--card);color:var(--text);text-decoration:none;cursor:pointer;text-align:center}
.button:hover,button.plain:hover{border-color:var(--edge)}
.button.main,button.main{background:var(--brand);border-color:var(--brand);color:var(--brand-text)}
.button.main:hover,button.main:hover{filter:brightness(1.08)}
button.main.bad{background:#b3202a;border-color:#b3202a;color:#fff}
.button.small,button.plain.small{font-size:.87rem;padding:.28rem .65rem}
button[disabled]{opacity:.6;cursor:default}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.25rem 1.4rem;margin-bottom:1rem;box-shadow:var(--shadow)}
.card>:last-child,.card>form:last-child>p:last-child{margin-bottom:0}.card>h1{margin-bottom:.9rem}.card>p.buttons{margin-bottom:0}.card>p:first-child,.card>input[type=hidden]+p{margin-top:0}
.table{background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.65rem .8rem;border-bottom:1px solid var(--line)}
table tr:last-child>*{border-bottom:0}table tbody:not(:last-child) tr:last-child>*{border-bottom:1px solid var(--line)}
thead th{font-size:.8rem;color:var(--dim);font-weight:600;vertical-align:bottom;padding-top:.6rem;padding-bottom:.5rem}
tbody th{font-weight:600}tbody th a{text-decoration:none}tbody th a:hover{text-decoration:underline}tr.more td{padding-top:0}tr.with-more>*{border-bottom:0}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.dim{color:var(--dim);font-size:.87rem}.nowrap{white-space:nowrap}
.wrap{overflow-wrap:anywhere}
.badge{display:inline-block;padding:.08rem .6rem;border-radius:99px;font-size:.83rem;font-weight:600;white-space:nowrap;background:var(--off-bg);color:var(--off)}
.badge.ok{background:var(--ok-bg);color:var(--ok)}.badge.warn{background:var(--warn-bg);color:var(--warn)}.badge.bad{background:var(--bad-bg);color:var(--bad)}
.aside .badge,.w-audit .badge{white-space:normal;border-radius:9px}
.badge.tag{border-radius:5px;font-weight:500;font-size:.78rem;padding:.05rem .4rem}
.note{border-radius:8px;padding:.65rem .95rem;margin:0 0 .75rem;background:var(--off-bg)}
.note.warn{background:var(--warn-bg);color:var(--warn)}.note.bad{background:var(--bad-bg);color:var(--bad)}.note.ok{background:var(--ok-bg);color:var(--ok)}
.note ul{margin:.3rem 0;padding-left:1.2rem}.note p{margin:.15rem 0}.note a{color:inherit}.note .dim{color:inherit}
td .note{font-size:.88rem;padding:.45rem .75rem;margin:0 0 .4rem}td .note:last-child,.attention .note:last-child{margin:0}.note summary{font-weight:400}#warnings>*+*{margin-top:.6rem;padding-top:.6rem;border-top:1px solid}
.attention .note{background:none;border-left:3px solid;border-radius:0;padding:0 0 0 .8rem;font-size:.93rem}.attention .note>*{color:var(--text)}.attention .note>strong{color:inherit}
.grid{display:grid;gap:1.1rem 1.25rem;grid-template-columns:repeat(6,minmax(0,1fr))}
.grid>*{grid-column:span 3}.grid>.wide{grid-column:1/-1}.grid>.third{grid-column:span 2}.grid>.two-thirds{grid-column:span 4}
label,legend,.label{display:block;font-weight:600;margin-bottom:.25rem}
input:not([type=checkbox]),select,textarea{width:100%;font:inherit;color:var(--text);background:var(--card);border:1px solid var(--edge);border-radius:7px;padding:.45rem .6rem;min-height:2.4rem}
input[readonly]{background:var(--soft);border-color:var(--line)}
input[aria-invalid=true],select[aria-invalid=true]{border-color:var(--bad);box-shadow:inset 0 0 0 1px var(--bad)}
.check{display:flex;gap:.55rem;align-items:flex-start}.check label{margin:0}.check input{width:1.15rem;height:1.15rem;margin:.18rem 0 0;accent-color:var(--brand);flex:none}
.help{color:var(--dim);font-size:.87rem;margin:.25rem 0 0}
.error{color:var(--bad);font-size:.87rem;font-weight:600;margin:.25rem 0 0}.error:empty{display:none}
fieldset{border:0;padding:0;margin:0;min-width:0}legend{padding:0}
fieldset.list>div{display:flex;gap:.5rem;margin-bottom:.45rem}
fieldset.list button.remove{flex:none}
details>summary{cursor:pointer;font-weight:600}details.card>summary{margin:-.35rem 0}details.card[open]>summary{margin-bottom:1rem}
form:has([name=serverType] option[value=SMTP]:checked) .imap,form:has([name=serverType] option[value=IMAP]:checked) .smtp,
form:has([name=authenticationType] option[value=Password]:checked) .oauth,form:has([name=authenticationType] option[value=None]:checked) :is(.oauth,.secret),form:has([name=authenticationType] option[value=OAuth2]:checked) .secret,
form:has([name=signIn] option[value=appOnly]:checked) .person{display:none}
.columns{display:grid;grid-template-columns:minmax(0,1fr) 20rem;gap:1.25rem;align-items:start}
.aside{position:sticky;top:1rem}
.foot{position:sticky;bottom:0;background:linear-gradient(transparent,var(--bg) 35%);padding:1rem 0 1rem;z-index:2}
.tiles{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr))}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.85rem 1.1rem;box-shadow:var(--shadow);color:var(--dim);font-size:.9rem;text-decoration:none}
a.tile:hover{border-color:var(--edge)}
.tile b{display:block;font-size:1.65rem;line-height:1.25;font-weight:650;color:var(--text);font-variant-numeric:tabular-nums}.tile.warn b{color:var(--warn)}.tile.bad b{color:var(--bad)}
.attention{padding:0;overflow:hidden}.attention ul{list-style:none;margin:0;padding:0}
.attention li{display:grid;grid-template-columns:minmax(9rem,15rem) minmax(0,1fr);gap:.1rem 1rem;padding:.7rem 1.4rem;border-top:1px solid var(--line)}.attention li:first-child{border-top:0}
meter{appearance:none;-webkit-appearance:none;width:4.5rem;height:.5rem;border:0;border-radius:99px;background:var(--off-bg);overflow:hidden}
meter::-webkit-meter-inner-element{display:block;height:.5rem}meter::-webkit-meter-bar{height:.5rem;border:0;border-radius:99px;background:var(--off-bg)}meter::-webkit-meter-optimum-value{background:var(--brand)}meter::-webkit-meter-suboptimum-value{background:#c98a00}
meter::-moz-meter-bar{background:var(--brand)}meter:-moz-meter-sub-optimum::-moz-meter-bar{background:#c98a00}
.switch{position:relative;width:2.5rem;height:1.4rem;border-radius:99px;border:1px solid var(--edge);background:var(--off-bg);padding:0;cursor:pointer;vertical-align:middle}
.switch:before{content:"";position:absolute;left:2px;top:2px;width:1rem;height:1rem;border-radius:50%;background:var(--edge)}
.switch[aria-checked=true]{background:var(--brand);border-color:var(--brand)}.switch[aria-checked=true]:before{left:auto;right:2px;background:var(--brand-text)}
.menu{position:relative;display:inline-block}
.menu>summary{list-style:none;border:1px solid transparent;border-radius:7px;padding:.1rem .5rem;font-size:1.1rem;line-height:1.3;letter-spacing:.05em}.menu>summary::-webkit-details-marker{display:none}
.menu>summary:hover,.menu[open]>summary{border-color:var(--line);background:var(--soft)}
.menu>div{position:absolute;right:0;top:calc(100% + .25rem);z-index:5;min-width:12rem;background:var(--card);border:1px solid var(--line);border-radius:9px;box-shadow:0 8px 24px rgba(0,0,0,.18);padding:.35rem}
.menu>div>*{display:block;width:100%;text-align:left;padding:.42rem .7rem;border:0;border-radius:6px;background:none;color:var(--text);font:inherit;text-decoration:none;cursor:pointer}
.menu>div>:hover{background:var(--soft)}.menu>div>.bad{color:var(--bad)}
.test-log{border-top:1px solid var(--line);margin-top:1.1rem;padding-top:.5rem}.test-log .end>p{margin:.6rem 0 0}.help+.check{margin-top:.8rem}
.steps{list-style:none;margin:0;padding:0}
.steps>li{display:grid;grid-template-columns:1.6rem minmax(0,1fr) auto;gap:.1rem .5rem;padding:.6rem 0;border-top:1px solid var(--line)}.steps>li:first-child{border-top:0}
.steps .mark{font-weight:700;width:1.35rem;height:1.35rem;border-radius:50%;text-align:center;line-height:1.35rem;font-size:.8rem;background:var(--off-bg);color:var(--off)}
.steps .ok .mark{background:var(--ok-bg);color:var(--ok)}.steps .failed .mark{background:var(--bad-bg);color:var(--bad)}.steps .noted .mark{background:var(--warn-bg);color:var(--warn)}
.steps .what{font-weight:600}.steps .skipped .what{color:var(--dim);font-weight:400}.steps .more{grid-column:2/-1}
.steps .more .note{margin:.35rem 0 0}
.fix{margin:.35rem 0 0;padding-left:1.1rem}.fix li{margin:.2rem 0}.fix code{background:rgba(127,127,127,.14);border-radius:4px;padding:.08rem .3rem;overflow-wrap:anywhere}
.running{color:var(--dim);margin:.6rem 0 0}.running:empty{display:none}
.running:before{content:"";display:inline-block;width:.8rem;height:.8rem;margin-right:.6rem;border:2px solid var(--line);border-top-color:var(--brand);border-radius:50%;vertical-align:-.1rem}
.tabs{display:flex;flex-wrap:wrap;gap:.4rem;margin:0 0 1rem;padding:0;list-style:none}
.tabs a{display:block;padding:.35rem .85rem;border:1px solid var(--line);border-radius:99px;background:var(--card);color:var(--text);text-decoration:none;font-weight:550}
.tabs a[aria-current]{background:var(--brand-bg);border-color:var(--brand);color:var(--brand)}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr) max-content minmax(0,1fr);gap:.3rem 1.1rem;margin:0 0 .9rem}.facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}.facts .wide{grid-column:2/-1}.ask .facts{grid-template-columns:max-content minmax(0,1fr)}
.empty{text-align:center;padding:2.75rem 1.5rem}.empty p{color:var(--dim);max-width:34rem;margin:.4rem auto 1.2rem}.empty .buttons{justify-content:center}
.pager{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center;justify-content:space-between;margin-top:1rem}
.narrow{max-width:27rem;margin:3rem auto}.narrow .main{width:100%}.ask{max-width:40rem}
.or{display:flex;align-items:center;gap:.8rem;color:var(--dim);margin:1.1rem 0}.or:before,.or:after{content:"";flex:1;border-top:1px solid var(--line)}
.offline{position:fixed;left:50%;bottom:1rem;transform:translateX(-50%);z-index:8;margin:0;box-shadow:0 6px 20px rgba(0,0,0,.2)}
@media (prefers-reduced-motion:no-preference){.running:before{animation:turn 1s linear infinite}@keyframes turn{to{transform:rotate(1turn)}}}
@media (max-width:64rem){.columns{grid-template-columns:minmax(0,1fr)}.aside{position:static;order:-1}}
@media (min-width:58.01rem){table.rows,.w-servers{table-layout:fixed}
.w-servers th:nth-child(1){width:16.5%}.w-servers th:nth-child(2){width:5.5%}.w-servers th:nth-child(3){width:19.5%}.w-servers th:nth-child(4){width:20.5%}.w-servers th:nth-child(5){width:6.5%}.w-servers th:nth-child(6){width:11.5%}.w-servers th:nth-child(7),.w-servers th:nth-child(8){width:8%}.w-servers td.actions{padding-left:0;padding-right:.4rem;text-align:right}
.w-flows th:nth-child(1){width:30%}.w-flows th:nth-child(2){width:10%}.w-flows th:nth-child(3){width:14%}
.w-mailboxes th:nth-child(1){width:27%}.w-mailboxes th:nth-child(2){width:25%}.w-mailboxes th:nth-child(3){width:15%}
.w-senders th:nth-child(1){width:19%}.w-senders th:nth-child(2){width:21%}.w-senders th:nth-child(4),.w-senders th:nth-child(5){width:8%}.w-senders th:nth-child(6){width:14%}.w-senders th:nth-child(7){width:18%}
.w-audit th:nth-child(1){width:12%}.w-audit th:nth-child(2){width:16%}.w-audit th:nth-child(3){width:22%}.w-quarantine th:nth-child(1){width:14%}.w-quarantine th:nth-child(2){width:10%}.w-quarantine th:nth-child(4){width:16%}.w-quarantine th:nth-child(5){width:28%}}
@media (min-width:46.01rem){input[type=search]{width:19rem}.filter select{width:auto;min-width:10rem}}
@media (max-width:58rem){
.table.stack table,.table.stack tbody,.table.stack tr,.table.stack td,.table.stack tbody th{display:block;width:100%}.table.stack thead{position:absolute;left:-999px}
.table.stack tbody:not(:last-child){border-bottom:1px solid var(--line)}.table.stack tbody{padding:.55rem 0}
.table.stack table.rows tr:not(:last-child){border-bottom:1px solid var(--line);padding:.45rem 0}
.table.stack tr>td,.table.stack tr>th,.table.stack tbody:not(:last-child) tr:last-child>*{border:0;padding:.16rem 1rem}
.table.stack td[data-label]{display:grid;grid-template-columns:8.5rem minmax(0,1fr);gap:.1rem .6rem}.table.stack td[data-label]:before{content:attr(data-label);color:var(--dim);font-size:.87rem}
.table.stack td[data-label]>*{grid-column:2}.table.stack td.number{text-align:left}.table.stack td:empty,.table.stack td.none{display:none}.table.stack tbody th{font-size:1.03rem}
.table.stack tbody{position:relative}.table.stack td.actions{position:absolute;top:.4rem;right:.2rem;width:auto}.table.stack tr>th.has-menu{padding-right:3.75rem}}
@media (max-width:46rem){main{padding:1.1rem 1rem 4rem}.in{padding-left:1rem;padding-right:1rem}.grid{grid-template-columns:minmax(0,1fr)}.grid>*,.grid>.third,.grid>.two-thirds{grid-column:1/-1}
.who{margin-left:0;width:100%}.attention li{grid-template-columns:minmax(0,1fr);padding:.7rem 1rem}.card{padding:1rem}.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:.6rem}
.facts,.ask .facts{grid-template-columns:minmax(0,1fr);gap:0}.facts dd{margin-bottom:.5rem}.facts .wide{grid-column:1}.filter,.filter>div,.filter button{width:100%}}
@media print{header.top,nav.menu-bar,.buttons,.filter{display:none}}
`;
