// A Lottie file as a Remotion film: lottie-web, sized to the picture and centred in it, on white.
import {Lottie} from '@remotion/lottie';
import {AbsoluteFill, Composition, registerRoot} from 'remotion';

const Film = ({animation}) => (
  <AbsoluteFill style={{backgroundColor: 'white'}}>
    <Lottie animationData={animation} style={{width: '100%', height: '100%'}} />
  </AbsoluteFill>
);

const Root = () => (
  <Composition
    id="film"
    component={Film}
    defaultProps={{animation: null}}
    width={1920}
    height={1080}
    fps={30}
    durationInFrames={1}
  />
);

registerRoot(Root);
