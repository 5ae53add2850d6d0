const element = <Type extends HTMLElement>(selector: string): Type => {
  const found = document.querySelector<Type>(selector)
  if (found === null) throw new Error(`no element ${selector}`)
  return found
}

const name = element<HTMLInputElement>('#name')
const greeting = element('#greeting')

element('#greet').addEventListener('click', (event) => {
  greeting.textContent = `Hello ${name.value}${event.isTrusted ? '' : ' (untrusted)'}`
})
name.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.isTrusted) name.value = ''
})
