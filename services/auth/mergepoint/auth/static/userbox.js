// <mergepoint-userbox>: who is logged in, with login and logout. One line on any page of any application of the site:
//   <script src="/auth/userbox.js" defer></script> <mergepoint-userbox></mergepoint-userbox>
// Styled by CSS variables: --userbox-text, --userbox-background, --userbox-accent, --userbox-border, --userbox-font.
"use strict";

(() => {
  const base = new URL(".", document.currentScript?.src ?? location.href);  // …/auth/
  const style = `
    :host { display: inline-block; font: var(--userbox-font, inherit); color: var(--userbox-text, inherit); }
    [part=box] { display: flex; align-items: center; gap: .5em; padding: .25em .5em; min-height: 2.25em;
      background: var(--userbox-background, transparent); border: 1px solid var(--userbox-border, currentColor);
      border-radius: .4em; }
    [part=name] { max-width: 16em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: inherit; }
    [part=avatar] { width: 1.75em; height: 1.75em; border-radius: 50%; object-fit: cover; display: grid; place-items: center;
      background: var(--userbox-accent, #1f5fbf); color: #fff; font-weight: 600; overflow: hidden; }
    a, button { font: inherit; color: var(--userbox-accent, #1f5fbf); background: none; border: 0; padding: .2em .3em;
      cursor: pointer; text-decoration: underline; }
    :focus-visible { outline: 2px solid var(--userbox-accent, #1f5fbf); outline-offset: 2px; }`;

  const make = (name, values = {}, ...children) => {
    const element = Object.assign(document.createElement(name), values);
    element.append(...children);
    return element;
  };

  // Names and addresses come from people: they become text and attributes, never markup.
  const part = (name, label, values = {}) => {
    const element = make(name, values);
    element.setAttribute("part", label);
    return element;
  };

  class Userbox extends HTMLElement {
    #root = this.attachShadow({ mode: "open" });

    connectedCallback() {
      this.setAttribute("role", "group");
      if (!this.hasAttribute("aria-label")) this.setAttribute("aria-label", "Your account");
      this.#box = part("div", "box");
      this.#box.setAttribute("aria-live", "polite");
      this.#root.replaceChildren(make("style", { textContent: style }), this.#box);
      this.refresh();
    }

    #box;
    #csrf = "";

    /** Ask again who is logged in. */
    async refresh() {
      try {
        const answer = await fetch(new URL("me", base), { credentials: "include", headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const { user, csrf } = await answer.json();
        this.#csrf = csrf ?? "";
        this.#show(user);
      } catch {
        this.#box.replaceChildren(make("span", { textContent: "Account unavailable" }));
      }
    }

    #show(user) {
      this.#box.replaceChildren(...(user ? this.#known(user) : [this.#login()]));
      this.dispatchEvent(new CustomEvent("mergepoint-user", { detail: user, bubbles: true, composed: true }));
    }

    #login() {
      const url = new URL("login", base);
      if (base.origin === location.origin) {
        // Escaped as nginx does it, and no longer than a request may be.
        const here = (location.pathname + location.search).replace(/[^\w!$()*,./:;=?@~-]/g, encodeURIComponent);
        if (here.length < 8150) url.search = `?next=${here.replace(/'/g, "%27")}`;
        url.hash = location.hash;  // which the login keeps
      }
      return part("a", "login", { href: url.href, textContent: "Log in" });
    }

    #known(user) {
      const name = part("a", "name", { href: new URL("account", base).href, textContent: user.name });
      const logout = part("button", "logout", { type: "button", textContent: "Log out" });
      logout.addEventListener("click", () => this.#logout());
      return [this.#avatar(user), name, logout];
    }

    #avatar(user) {
      const initials = part("span", "avatar", { textContent: [...user.name].slice(0, 1).join("").toUpperCase() });
      initials.setAttribute("aria-hidden", "true");
      if (!user.avatar) return initials;
      const image = part("img", "avatar", { alt: "", src: new URL(user.avatar, base).href, referrerPolicy: "no-referrer" });
      image.addEventListener("error", () => image.replaceWith(initials), { once: true });
      return image;
    }

    async #logout() {
      await fetch(new URL("logout", base), {
        method: "POST", credentials: "include", body: "{}",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": this.#csrf },
      }).catch(() => null);
      await this.refresh();
      this.#root.querySelector("[part=login]")?.focus();
    }
  }

  if (!customElements.get("mergepoint-userbox")) customElements.define("mergepoint-userbox", Userbox);
})();
