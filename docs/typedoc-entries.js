import { Converter, ReflectionKind } from 'typedoc'
import { entries } from './entries.js'

/**
 * Has the reference name each module as it is imported, and options that are taken apart; and warns of functions and methods of ours without a docstring:
 * TypeDoc's own check would ask for those of a wallet's or a Redis client's methods too.
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  const names = new Map(entries.map(({ source, name }) => [source.replace(/\/index$/, ''), name]))
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.name === '__namedParameters') parameter.name = 'options'
    }
  })
  app.on('validateProject', (project) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.FunctionOrMethod)) {
      const isOurs = reflection.parent?.kindOf([ReflectionKind.Module, ReflectionKind.Class])
      if (isOurs && !reflection.isInherited && !reflection.signatures?.some(({ comment }) => comment))
        app.logger.warn(`${reflection.getFullName()} has no docstring`)
    }
  })
}
