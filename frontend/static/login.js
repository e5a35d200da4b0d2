// Takes a token, asks the server whose it is, and keeps it in this tab. Whoever is sent here with one that the server does not
// take any more is told why. The token is in no address and in no form. The page is written in English; in another language,
// which `theme.js` has chosen, its words are replaced as soon as this runs.

const FIELD = document.getElementById("token");
const BUTTON = document.getElementById("enter");
const SAID = document.getElementById("said");
/** Roles that the page is for; a courier sends with another program, a customer has a link. */
const ROLES = ["viewer", "dispatcher", "operator"];

/** Texts that the page has in English, by the ids of their elements, and those that are said later. */
const PT = {
  title: "Entrar",
  why: "Este servidor pede um token. Quem o administra fornece um.",
  enter: "Entrar",
  kept: "Fica guardado nesta aba até você sair ou fechá-la.",
  unreachable: "O servidor não pôde ser alcançado. Tente de novo.",
  refused: "O token está errado ou venceu.",
  limited: "Tentativas demais. Tente de novo daqui a pouco.",
  answered: (status) => `O servidor respondeu ${status}.`,
  other: (role) => `Este é um token de ${{ courier: "entregador", customer: "cliente" }[role] ?? role}. Ele não abre esta página.`,
  spaces: "Um token não tem espaços nem quebras de linha. Copie-o inteiro.",
};
const EN = {
  unreachable: "The server cannot be reached. Try again.",
  answered: (status) => `The server answered ${status}.`,
  other: (role) => `This is a ${role}'s token. It does not open this page.`,
  spaces: "A token has no spaces and no line breaks. Copy the whole of it.",
};
const IS_PT = document.documentElement.lang === "pt-BR";
const WORDS = IS_PT ? PT : EN;
if (IS_PT) {
  for (const id of ["title", "why", "enter", "kept"]) document.getElementById(id).textContent = PT[id];
  document.title = "Entrar · Code Delivery";
}

/** What the server says of a token: its role, or why not, in a sentence. */
async function ask(token) {
  let answer;
  try {
    answer = await fetch("/api/v1/me", { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  } catch {
    return { why: WORDS.unreachable };
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) return { why: refusal(answer.status, body.detail) };
  if (!ROLES.includes(body.role)) return { why: WORDS.other(body.role) };
  return { role: body.role };
}

/** The server's own words are English: another language has words by the kind of refusal. */
function refusal(status, detail) {
  if (IS_PT) return { 401: PT.refused, 429: PT.limited }[status] ?? PT.answered(status);
  return detail ? `${detail[0].toUpperCase()}${detail.slice(1)}.` : EN.answered(status);
}

function tell(why) {
  SAID.textContent = why;
  SAID.hidden = !why;
  FIELD.setAttribute("aria-invalid", String(Boolean(why)));
}

/** Keeps the token and goes back to where somebody was sent from: a path of this server, never another address. */
function enter(token, role) {
  sessionStorage.setItem("cd-token", token);
  sessionStorage.setItem("cd-role", role);
  const back = sessionStorage.getItem("cd-back") ?? "/";
  sessionStorage.removeItem("cd-back");
  location.replace(/^\/(?![/\\]|login)/.test(back) ? back : "/");
}

document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = FIELD.value.trim().replace(/^bearer\s+/i, "");
  if (!token || BUTTON.disabled) return;
  if (/[^!-~]/.test(token)) return tell(WORDS.spaces);
  BUTTON.disabled = true;
  tell("");
  const { role, why } = await ask(token);
  BUTTON.disabled = false;
  if (role) return enter(token, role);
  tell(why);
  FIELD.select();
});

// Who is asked for a token has no right to the picture that the page keeps for a start without a network.
localStorage.removeItem("cd-kept");

const known = sessionStorage.getItem("cd-token");
if (known) {
  const { role, why } = await ask(known);
  if (role) enter(known, role);
  else {
    sessionStorage.removeItem("cd-token");
    sessionStorage.removeItem("cd-role");
    tell(why);
  }
}
document.documentElement.dataset.ready = "true";
