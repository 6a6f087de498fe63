// The mark: a V whose right arm is a separate, cooler stroke.

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="100 116 312 292" aria-hidden="true">
      <path class="logo-main" d="M104 128h82l74 190 26-66 42 0-44 140h-72z" />
      <path class="logo-spark" d="M330 128h78l-40 104h-78z" />
    </svg>
  );
}
