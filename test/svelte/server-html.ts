const BUTTON =
  '<div class="cacao-sign-in mine" data-status="loading">' +
  '<button class="cacao-sign-in-button" type="button" aria-haspopup="dialog" aria-expanded="false" disabled aria-busy="true">Sign in</button>' +
  '<p class="cacao-sign-in-notice" role="status"></p>' +
  '<dialog class="cacao-sign-in-dialog" aria-label="Sign in" closedby="any"></dialog></div>'
const SHOWN =
  '<section><p>loading</p> <!--[-1--><!--]--> ' +
  '<button class="in">Sign in</button> <button class="out">Sign out</button></section>'

/** The HTML that Svelte renders for `layout.svelte` on a server. A test compares it; tests in browsers hydrate it. */
export const SERVER_HTML = `<!--[-->${BUTTON}<!----> <!--[-->${SHOWN}${SHOWN}<!--]--><!--]-->`
