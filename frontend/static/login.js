// Takes a token, asks the server whose it is, and keeps it in this tab. Whoever is sent here with one that the server does not
// take any more is told why. The token is in no address and in no form.

const FIELD = document.getElementById("token");
const BUTTON = document.getElementById("enter");
const SAID = document.getElementById("said");
/** Roles that the page is for; a courier sends with another program, a customer has a link. */
const ROLES = ["viewer", "dispatcher", "operator"];

/** What the server says of a token: its role, or why not, in a sentence. */
async function ask(token) {
  let answer;
  try {
    answer = await fetch("/api/v1/me", { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  } catch {
    return { why: "The server cannot be reached. Try again." };
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) return { why: sentence(body.detail ?? `the server answered ${answer.status}`) };
  if (!ROLES.includes(body.role)) return { why: `This is a ${body.role}'s token. It does not open this page.` };
  return { role: body.role };
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
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
  if (/[^!-~]/.test(token)) return tell("A token has no spaces and no line breaks. Copy the whole of it.");
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
