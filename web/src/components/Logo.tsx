/** The product's mark: a sheet that folds. It is no direction and is never mirrored. */
export function LogoMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0d1218" />
      <path d="M8 7h16v5H13.5v3.5H22v5h-8.5V25H8z" fill="#2fb8b3" />
      <path d="M24 19.5 18.5 25H24z" fill="#f2b134" />
    </svg>
  );
}
