// Lottie files as one Remotion film, one after the other: each sized to the picture and centred in it, on white.
import {Lottie} from '@remotion/lottie';
import {AbsoluteFill, Composition, Series, registerRoot} from 'remotion';

const Film = ({scenes}) => (
  <AbsoluteFill style={{backgroundColor: 'white'}}>
    <Series>
      {scenes.map(({animation, frames}, index) => (
        <Series.Sequence key={index} durationInFrames={frames}>
          <AbsoluteFill>
            <Lottie animationData={animation} style={{width: '100%', height: '100%'}} />
          </AbsoluteFill>
        </Series.Sequence>
      ))}
    </Series>
  </AbsoluteFill>
);

// The true size, rate and length come with each order.
const Root = () => (
  <Composition id="film" component={Film} defaultProps={{scenes: []}} width={1920} height={1080} fps={30} durationInFrames={1} />
);

registerRoot(Root);
