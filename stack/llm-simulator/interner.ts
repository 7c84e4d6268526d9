/** Makes one value for each text and hands out the same one again. Forgets everything beyond `limit` texts. */
export function createInterner<Value>(make: (text: string) => Value, limit = 1_000): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      if (known.size >= limit) known.clear();
      value = make(text);
      known.set(text, value);
    }
    return value;
  };
}
