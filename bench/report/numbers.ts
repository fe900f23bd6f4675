// Numbers as a table shows them: three digits that matter, units in the column's name.

export function formatRate(perSecond: number): string {
  if (perSecond >= 999_500) return `${(perSecond / 1e6).toFixed(2)} M`;
  if (perSecond >= 1000) return `${(perSecond / 1000).toPrecision(3)} k`;
  return perSecond.toFixed(0);
}

export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return '–';
  return ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(ratio >= 10 ? 1 : 2);
}

export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const whole = Math.abs(value) >= 10 ** digits;
  return whole ? value.toFixed(0) : Number(value.toPrecision(digits)).toString();
}

export function formatShare(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
