import type { Finding } from '../api/types';

/**
 * What becomes of a feature of an After Effects project, in Persian: by verdict and feature, then by the feature's family.
 * `{{name}}` is the name that the server's English sentence quotes.
 */
export const PERSIAN: Readonly<Record<string, string>> = {
  'approximate blend.*': 'این حالت ترکیب با نزدیک‌ترین حالت موجود رسم می‌شود.',
  'approximate comp.own_frame_rate': 'این کامپوزیشن نرخ فریم خودش را دارد؛ با نرخ فریم فیلم رسم می‌شود.',
  'approximate comp.pixel_aspect': 'پیکسل‌های غیرمربعی، مربعی رسم می‌شوند.',
  'approximate effect.*':
    'این افکت با اندکی تفاوت رسم می‌شود؛ آنچه در آن حرکت می‌کند شاید همان‌گونه که آغاز می‌شود بماند.',
  'approximate effect.ADBE 4ColorGradient': 'چهار رنگ از یک سو به سوی دیگر و از بالا به پایین در هم می‌آمیزند.',
  'approximate effect.ADBE Box Blur2': 'این محو با محو گاوسی هم‌اندازه رسم می‌شود.',
  'approximate effect.ADBE Brightness & Contrast 2': 'روشنایی و کنتراست با خطی راست تغییر می‌کنند.',
  'approximate effect.ADBE CurvesCustom': 'منحنی‌های متحرک همان‌گونه که آغاز می‌شوند رسم می‌شوند.',
  'approximate effect.ADBE Glo2': 'همهٔ لایه می‌درخشد، نه تنها بخش‌های روشن‌تر از آستانه.',
  'approximate effect.ADBE HUE SATURATION': 'فام و اشباع رنگ نزدیک به افترافکت است.',
  'approximate effect.ADBE Linear Wipe': 'نرمی لبه همان‌گونه که آغاز می‌شود می‌ماند.',
  'approximate effect.ADBE Radial Wipe': 'لبهٔ نرم، تیز رسم می‌شود.',
  'approximate effect.ADBE Venetian Blinds': 'نوارها شاید از جای دیگری آغاز شوند و لبهٔ تیز دارند.',
  'approximate expression.chance': 'حرکت تصادفی است: در هر ساخت یکسان، ولی نه همانند افترافکت.',
  'approximate font.substituted': 'این قلم در دسترس نیست؛ متن با قلم دیگری رسم می‌شود. پروندهٔ قلم را بیفزایید.',
  'approximate footage.alpha': 'رنگ زمینه بر لبه‌های {{name}} می‌ماند.',
  'approximate footage.pulldown': 'پول‌داون {{name}} برداشته نمی‌شود.',
  'approximate gradient.ease': 'رنگ‌های گرادیان با سرعت یکنواخت تغییر می‌کنند.',
  'approximate gradient.stops': 'شمار رنگ‌های گرادیان میان کی‌فریم‌ها تغییر می‌کند؛ رنگ‌های کی‌فریم نخست رسم می‌شوند.',
  'approximate keyframes.long': 'این حرکت طولانی با کی‌فریم‌های ساده رسم می‌شود.',
  'approximate layer.3d_order': 'لایه‌های سه‌بعدی ترتیب آغازین خود را نگه می‌دارند.',
  'approximate layer.audio': 'صدای این لایه در تصویر نیست؛ آن را به صدای فیلم بیفزایید.',
  'approximate layer.audio_levels': 'بلندی صدا همان که آغاز می‌شود می‌ماند.',
  'approximate layer.collapse': 'آنچه بیرون از کامپوزیشن تودرتو است بریده می‌شود.',
  'approximate layer.frame_blending': 'فریم‌های میانی با هم آمیخته نمی‌شوند.',
  'approximate layer.pixel_aspect': 'لایه‌های وابسته به لایه‌ای با پیکسل پهن، پهن می‌شوند.',
  'approximate layer.quality': 'کیفیت این لایه پیش‌نویس است؛ با بهترین کیفیت رسم می‌شود.',
  'approximate layer.sampling': 'تصویر به روش معمول کوچک و بزرگ می‌شود، نه دومکعبی.',
  'approximate layer.*': 'این لایه با اندکی تفاوت رسم می‌شود.',
  'approximate mask.feather': 'لبهٔ نرم ماسک اندکی متفاوت محو می‌شود.',
  'approximate path.vertices': 'شمار نقطه‌های مسیر میان کی‌فریم‌ها تغییر می‌کند؛ شکل آنجا می‌پرد.',
  'approximate project.color_space': 'رنگ‌های این فضای رنگ، sRGB رسم می‌شوند.',
  'approximate project.depth': 'پروژه عمق رنگ بیشتری دارد؛ تصویر هشت بیتی است.',
  'approximate project.linear_light': 'رنگ‌ها همان‌گونه که ذخیره شده‌اند می‌آمیزند، نه در نور خطی.',
  'approximate property.*': 'این تنظیم در طول زمان تغییر می‌کند؛ همان‌گونه که آغاز می‌شود رسم می‌شود.',
  'approximate shape.composite_order': 'این رنگ زیر رنگ‌های پیش از خود می‌نشیند، نه روی آن‌ها.',
  'approximate style.*': 'این استایل لایه با حالت ترکیب عادی رسم می‌شود.',
  'approximate style.dropShadow/enabled': 'لبهٔ سایه اندکی نرم‌تر یا تیزتر است و حالت ترکیب آن عادی رسم می‌شود.',
  'approximate style.frameFX': 'خط دور با اندکی تفاوت رسم می‌شود: بیرون از لبه، با پهنای آغازین.',
  'approximate style.gradientFill': 'گرادیان راست و در پهنای کامپوزیشن رسم می‌شود.',
  'approximate style.outerGlow/enabled': 'درخشش با لبه‌ای یکدست و نرم رسم می‌شود.',
  'approximate text.animator.random': 'حروف با ترتیب تصادفی دیگری می‌آیند.',
  'approximate text.baseline': 'حروف بالا یا پایین‌آمده، روی خط رسم می‌شوند.',
  'approximate text.faux_style': 'حروف پررنگ یا کجی که قلم ندارد، ساده رسم می‌شوند.',
  'approximate text.justification': 'بندها چیدمان‌های گوناگون دارند؛ همه از آغاز سطر چیده می‌شوند.',
  'approximate text.mixed_styles': 'متن چند سبک دارد؛ با یکی رسم می‌شود.',
  'approximate text.paragraph_indent': 'تورفتگی بندها رسم نمی‌شود.',
  'approximate text.paragraph_space': 'فاصلهٔ میان بندها رسم نمی‌شود.',
  'approximate text.scale': 'پهنا و بلندی حروف همان‌گونه که در قلم است رسم می‌شود.',
  'approximate text.tsume': 'فاصلهٔ پیرامون حروف کم نمی‌شود.',
  'approximate text.vertical': 'متن عمودی است؛ در سطرهای افقی رسم می‌شود.',
  'exact comp.background': 'زمینه شفاف است؛ رنگ کامپوزیشن را به زمینهٔ فیلم بدهید.',
  'exact comp.display_start': 'ساعت کامپوزیشن از صفر آغاز نمی‌شود؛ فیلم از صفر آغاز می‌شود.',
  'exact comp.markers': 'نشانه‌های کامپوزیشن خوانده نشد.',
  'exact comp.work_area': 'محدودهٔ کار رسم می‌شود.',
  'exact effect.*': 'خود رنگ‌ها تغییر داده شده‌اند.',
  'exact expression': 'فریم به فریم، همان‌گونه که حساب شده رسم می‌شود.',
  'exact footage.proxy': 'خود {{name}} رسم می‌شود، نه جایگزین سبک آن.',
  'exact layer.3d': 'لایه به همان اندازه و جایی که دوربین می‌بیند رسم می‌شود.',
  'exact layer.adjustment': 'لایه‌های زیرین با افکت‌های آن دوباره رسم می‌شوند.',
  'exact layer.camera': 'دوربین روبه‌رو را می‌بیند: لایه‌ها به همان اندازه و جا رسم می‌شوند.',
  'exact layer.guide': 'لایهٔ راهنما در فیلم نیست.',
  'exact layer.*': 'این لایه چیزی را تغییر نمی‌دهد: هیچ لایه‌ای سه‌بعدی نیست.',
  'exact scene.fitted': 'اندازهٔ کامپوزیشن دیگر است؛ صحنه در اندازهٔ قالب جا داده می‌شود.',
  'exact text.animator': 'این انیماتور حرف به حرف رسم می‌شود.',
  'not_drawn blend.*': 'این حالت ترکیب، عادی رسم می‌شود.',
  'not_drawn comp.motion_blur': 'محو حرکت رسم نمی‌شود.',
  'not_drawn effect.*': 'افکت {{name}} رسم نمی‌شود.',
  'not_drawn effect.ADBE CurvesCustom': 'منحنی‌ها خوانده نشد یا منحنی شفافیت رسم نمی‌شود.',
  'not_drawn effect.ADBE Easy Levels2': 'سطح‌های شفافیت تغییر نمی‌کند.',
  'not_drawn effect.ADBE Exposure2': 'نوردهی جداگانهٔ هر کانال رسم نمی‌شود.',
  'not_drawn effect.ADBE Invert': 'تنها قرمز، سبز و آبی وارونه می‌شوند.',
  'not_drawn effect.ADBE Set Matte3': 'این گونه مات رسم نمی‌شود یا شفافیت خود لایه در آن به شمار نمی‌آید.',
  'not_drawn effect.ADBE Tile': 'جابه‌جایی کاشی‌ها رسم نمی‌شود.',
  'not_drawn effect.ADBE Venetian Blinds': 'نوارها بیش از آن‌اند که رسم شوند.',
  'not_drawn effect.tiles': 'کاشی‌ها بیش از آن‌اند که رسم شوند.',
  'not_drawn engine.*': 'موتور ساخت این ویژگی را رسم نمی‌کند.',
  'not_drawn expression': 'این اکسپرشن حساب نشد.',
  'not_drawn footage.alpha': 'شفافیت {{name}} همان‌گونه که خواسته شده رسم نمی‌شود.',
  'not_drawn footage.format': 'قالب پروندهٔ {{name}} خوانده نمی‌شود؛ آن را به PNG یا MP4 برگردانید.',
  'not_drawn footage.missing': '{{name}} نیست یا خوانده نمی‌شود؛ پرونده را به پوشهٔ پروژه بیفزایید.',
  'not_drawn footage.photoshop_layer':
    '{{name}} یک لایهٔ پروندهٔ فتوشاپ است و پرونده یکجا خوانده می‌شود؛ لایه را PNG کنید.',
  'not_drawn footage.placeholder': '{{name}} تنها جای تصویر است و تصویری ندارد.',
  'not_drawn footage.sequence': 'پروژه نمی‌گوید {{name}} کدام تصویرها را دارد.',
  'not_drawn layer.3d': 'این لایه در فضا چرخیده است؛ تخت رسم می‌شود.',
  'not_drawn layer.adjustment': 'مات لایهٔ تنظیم، افکت‌های آن را نمی‌بُرد.',
  'not_drawn layer.auto_orient': 'لایه به سوی دوربین نمی‌چرخد.',
  'not_drawn layer.camera': 'دوربین به کار نمی‌رود: لایه‌های سه‌بعدی از روبه‌رو رسم می‌شوند.',
  'not_drawn layer.depth_of_field': 'لایه‌های بیرون از کانون دوربین، واضح رسم می‌شوند.',
  'not_drawn layer.environment': 'لایهٔ محیط به صحنه نور می‌دهد؛ مانند یک تصویر رسم می‌شود.',
  'not_drawn layer.light': 'نور به کار نمی‌رود: لایه‌ها با نور یکدست رسم می‌شوند.',
  'not_drawn layer.motion_blur': 'محو حرکت رسم نمی‌شود.',
  'not_drawn layer.preserve_transparency': 'لایه به شکل لایه‌های زیرین بریده نمی‌شود.',
  'not_drawn layer.*': 'این گونه لایه رسم نمی‌شود.',
  'not_drawn mask.feather': 'ماسک نرم در این حالت، تیز رسم می‌شود.',
  'not_drawn mask.variable_feather': 'لبهٔ ماسک که در جاهایی نرم‌تر است، تیز رسم می‌شود.',
  'not_drawn property.*': 'تنظیم {{name}} تغییر کرده است و چنان رسم می‌شود که گویی نکرده.',
  'not_drawn shape.*': '{{name}} رسم نمی‌شود.',
  'not_drawn shape.blend_mode': 'حالت ترکیب بخشی از لایهٔ شکل، عادی رسم می‌شود.',
  'not_drawn style.*': 'استایل لایهٔ {{name}} رسم نمی‌شود.',
  'not_drawn style.frameFX': 'خط دور درون لبهٔ لایه رسم نمی‌شود.',
  'not_drawn style.gradientFill': 'رنگ‌های گرادیان خوانده نشد.',
  'not_drawn style.outerGlow/enabled': 'درخشش چندرنگ، یک‌رنگ رسم می‌شود.',
  'not_drawn text.animator.*': 'حرکت {{name}} حروف رسم نمی‌شود.',
  'not_drawn text.animator.mode': 'این گزینشگر چنان رسم می‌شود که گویی می‌افزاید.',
  'not_drawn text.animator.selectors': 'تنها یک گزینشگر بازه رسم می‌شود: حروف همان‌گونه که هستند می‌مانند.',
  'not_drawn text.per_character_3d': 'حروفی که یک‌به‌یک در فضا چرخیده‌اند، تخت رسم می‌شوند.',
};

const UNNAMED = 'این مورد';

/** The most special text of a feature: its own, then its families', longest first (`text.animator.x` → `text.animator.*` → `text.*`). */
function persianOf(verdict: string, feature: string): string | undefined {
  const own = PERSIAN[`${verdict} ${feature}`];
  if (own !== undefined) return own;
  for (let dot = feature.lastIndexOf('.'); dot > 0; dot = feature.lastIndexOf('.', dot - 1)) {
    const family = PERSIAN[`${verdict} ${feature.slice(0, dot)}.*`];
    if (family !== undefined) return family;
  }
  return undefined;
}

/** What a finding says, in the page's language; the server's English sentence where there is no other. */
export function findingSentence(finding: Pick<Finding, 'feature' | 'verdict' | 'sentence'>, locale: string): string {
  if (locale !== 'fa') return finding.sentence;
  const text = persianOf(finding.verdict, finding.feature);
  if (text === undefined) return finding.sentence;
  const name = /'([^']+)'|"([^"]+)"/.exec(finding.sentence);
  const quoted = name?.[1] ?? name?.[2];
  return text.replace('{{name}}', quoted === undefined ? UNNAMED : `«\u2068${quoted}\u2069»`);
}
