export interface SparkPaths {
  readonly line: string;
  readonly area: string;
}

interface Box {
  readonly width: number;
  readonly height: number;
  /** The value at the upper edge. */
  readonly top: number;
}

const short = (value: number): string => String(Math.round(value * 10) / 10);

/** SVG paths for a trend; a null ends one stroke and the next value begins another, so that gaps stay gaps. */
export function sparkPath(values: readonly (number | null)[], { width, height, top }: Box): SparkPaths {
  const step = values.length > 1 ? width / (values.length - 1) : width;
  let line = '';
  let area = '';
  let begun: number | null = null;
  const close = (x: number) => {
    if (begun === null) return;
    area += `L${short(x)} ${height}L${short(begun)} ${height}Z`;
    begun = null;
  };
  values.forEach((value, index) => {
    const x = index * step;
    if (value === null) {
      close((index - 1) * step);
      return;
    }
    // Half a stroke from either edge, so that 0 and 100 are not cut.
    const y = height - 0.75 - (Math.min(Math.max(value, 0), top) / top) * (height - 1.5);
    const point = `${short(x)} ${short(y)}`;
    if (begun === null) {
      begun = x;
      line += `M${point}`;
      area += `M${point}`;
    } else {
      line += `L${point}`;
      area += `L${point}`;
    }
  });
  close((values.length - 1) * step);
  return { line, area };
}
