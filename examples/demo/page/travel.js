import { element } from './elements.js'
import { reasonOf, shorten } from './words.js'

// The headers that carry a signature; the rest is what every browser sends.
const SHOWN = ['content-digest', 'signature-input', 'signature', 'authorization']

/**
 * A request as it travels, with its long headers shortened.
 * @param {Request} request
 * @param {string} [body]
 */
export function travelling({ method, url, headers }, body) {
  const { pathname } = new URL(url)
  const lines = SHOWN.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [`${name}: ${shorten(value, 44, 8)}`]
  })
  return [`${method} ${pathname}`, ...lines, ...(body ? ['', body] : [])].join('\n')
}

/**
 * Shows what travelled, and what the server made of it.
 * @param {HTMLElement} place
 * @param {string} travelled
 * @param {(Node | string)[]} conclusion
 * @param {boolean} isGood Whether it ended as it should.
 */
export function showExchange(place, travelled, conclusion, isGood) {
  place.replaceChildren(
    element('p', { className: 'label' }, 'What travels'),
    element('pre', {}, travelled),
    element('p', { className: 'label' }, 'What the server concludes'),
    element('p', { className: `verdict ${isGood ? 'good' : 'bad'}` }, element('span', {}, ...conclusion)),
  )
}

/**
 * What the server refused something with, in words and by its code.
 * @param {{ code: string }} error
 */
export const refusal = (error) => [
  element('strong', {}, 'Refused:'),
  ` ${reasonOf(error)} `,
  element('span', { className: 'mono' }, error.code),
]
