// What we use of the library, for the type checker; the library itself has no types in its modules.

export class FluentResource {
  constructor(source: string);
}

export class FluentBundle {
  constructor(locales: string | string[], options?: { useIsolating?: boolean });
  addResource(resource: FluentResource): Error[];
  getMessage(id: string): { value: unknown } | undefined;
  formatPattern(pattern: unknown, values?: Record<string, string | number>, errors?: Error[]): string;
}
