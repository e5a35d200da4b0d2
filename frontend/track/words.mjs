// The page's words in English and Brazilian Portuguese, and how times, spans and lengths read in them.

const EN = {
  arriving: (a, b) => (a === b ? `Arriving in ${a} min` : `Arriving in ${a} to ${b} min`),
  arrivingNow: "Arriving now",
  onTheWay: (name) => `${name} is on the way.`,
  promisedBy: (time) => `Promised by ${time}.`,
  laterThan: (name, time) => `${name} is late: promised by ${time}.`,
  promisedAt: "Promised by",
  received: "Order received",
  receivedAt: "Order received at",
  waiting: "The time is told when the courier sets off.",
  pickedUp: "Picked up",
  underWay: "On the way",
  wayDone: (done, all) => `${done} of ${all}`,
  now: "now",
  atDoor: "At your door",
  delivered: "Delivered",
  deliveredAt: "Delivered at",
  early: (min) => `${min} min before the promised time`,
  late: (min) => `${min} min after the promised time`,
  inTime: "At the promised time",
  failed: "Not delivered",
  failedNote: "The courier could not deliver it. Whoever sent it knows more.",
  cancelled: "Cancelled",
  cancelledNote: "This delivery was called off. Whoever sent it knows more.",
  way: "Way",
  time: "Time",
  courier: "Courier",
  ended: (time) => `Tracking has ended. This page stays until ${time}.`,
  endedShort: "Tracking has ended.",
  position: (age) => ["Position ", age],
  lastSeen: (time) => ["Last seen ", time],
  ago: (age) => `${age} ago`,
  you: "You",
  fit: "Show courier and destination",
  mapLabel: "Map with the courier and your address",
  loading: "One moment",
  reconnecting: (time) => (time ? `Reconnecting, showing ${time}` : "Reconnecting"),
  over: "This link has ended",
  overNote: "A link shows its delivery until 2 hours after the end.",
  unknown: "This link does not work",
  unknownNote: "Check that it was copied whole, or ask for a new one.",
  sec: "s", min: "min", h: "h",
};

const PT = {
  arriving: (a, b) => (a === b ? `Chega em ${a} min` : `Chega em ${a} a ${b} min`),
  arrivingNow: "Chegando agora",
  onTheWay: (name) => `${name} está a caminho.`,
  promisedBy: (time) => `Prometido até ${time}.`,
  laterThan: (name, time) => `${name} está em atraso: prometido até ${time}.`,
  promisedAt: "Prometido até",
  received: "Pedido recebido",
  receivedAt: "Pedido recebido às",
  waiting: "O horário aparece quando a entrega sair.",
  pickedUp: "Coletado",
  underWay: "A caminho",
  wayDone: (done, all) => `${done} de ${all}`,
  now: "agora",
  atDoor: "Na sua porta",
  delivered: "Entregue",
  deliveredAt: "Entregue às",
  early: (min) => `${min} min antes do prometido`,
  late: (min) => `${min} min depois do prometido`,
  inTime: "No horário prometido",
  failed: "Não entregue",
  failedNote: "Não foi possível entregar. Quem enviou sabe mais.",
  cancelled: "Cancelado",
  cancelledNote: "Esta entrega foi cancelada. Quem enviou sabe mais.",
  way: "Percurso",
  time: "Tempo",
  courier: "Entregador",
  ended: (time) => `O acompanhamento terminou. Esta página fica até ${time}.`,
  endedShort: "O acompanhamento terminou.",
  position: (age) => ["Posição ", age],
  lastSeen: (time) => ["Visto às ", time],
  ago: (age) => `há ${age}`,
  you: "Você",
  fit: "Mostrar entregador e destino",
  mapLabel: "Mapa com o entregador e o seu endereço",
  loading: "Um momento",
  reconnecting: (time) => (time ? `Reconectando, mostrando ${time}` : "Reconectando"),
  over: "Este link terminou",
  overNote: "Um link mostra a entrega até 2 horas depois do fim.",
  unknown: "Este link não funciona",
  unknownNote: "Confira se foi copiado inteiro, ou peça um novo.",
  sec: "s", min: "min", h: "h",
};

/** The dictionary for a browser's language, with what it needs to write numbers. */
export function wordsFor(language) {
  const portuguese = /^pt\b/i.test(language);
  return { ...(portuguese ? PT : EN), locale: portuguese ? "pt-BR" : "en", decimal: portuguese ? "," : "." };
}

const two = (number) => String(number).padStart(2, "0");

/** "14:05", by the clock of the phone. */
export function clock(at) {
  const time = new Date(at);
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** "14:05:31". */
export function clockSeconds(at) {
  return `${clock(at)}:${two(new Date(at).getSeconds())}`;
}

/** "14:05 – 14:07": from the minute in which it begins to the one before which it ends; one time where it is one moment. */
export function range(from, to) {
  const end = from === to ? to : Math.ceil(to / 60_000) * 60_000;
  return clock(from) === clock(end) ? clock(from) : `${clock(from)} – ${clock(end)}`;
}

/** "490 m", "1.1 km". */
export function length(words, metres) {
  if (metres < 995) return `${Math.round(metres / 10) * 10} m`;
  return `${(metres / 1000).toFixed(metres < 99_500 ? 1 : 0).replace(".", words.decimal)} km`;
}

/** "48 s", "5 min 48 s", "2 h 5 min". */
export function span(words, ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} ${words.sec}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} ${words.min} ${seconds % 60} ${words.sec}` : `${minutes} ${words.min}`;
  return `${Math.floor(minutes / 60)} ${words.h} ${minutes % 60} ${words.min}`;
}

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/** "Aino" of "aino"; "c-17" stays. */
export function courierName(slug) {
  return /^[a-z-]+$/i.test(slug) ? capital(slug) : slug;
}

/** Names of both ends of "station-to-market", where a route is named so. */
export function ends(route) {
  const found = /^(.+?)-to-(.+)$/.exec(route ?? "");
  const name = (slug) => slug.split("-").filter(Boolean).map(capital).join(" ");
  return found ? [name(found[1]), name(found[2])] : [null, null];
}
