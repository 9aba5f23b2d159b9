/** A share as a percentage; never "0 %" of something that is there. */
export function sayShare(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent.toFixed(percent < 10 && percent > 0 ? 1 : 0)} %`;
}
