//! Floors under families that a single parameter makes narrow.

/// `floored` and `is_at_bound` of a family whose field `floor`, an `Option<Narrowest>`, is kept by its method
/// `above_floor`: `floor_under!(scale, 2)` where the variance is a multiple of `scale` to the power 2. As the log-likelihood
/// of such a family falls on both sides of its maximum, the bound is the maximiser wherever that has passed it.
macro_rules! floor_under {
    ($parameter:ident, $power:literal) => {
        fn floored(&self, whole: &Self) -> Option<Self> {
            let floor = $crate::combine::Narrowest::least_share_of(0, whole.$parameter, $power);
            let floored = Self {
                floor: Some(floor),
                ..self.clone()
            };
            floored.above_floor(self.$parameter).ok()
        }
        fn is_at_bound(&self) -> bool {
            let held = |floor: $crate::combine::Narrowest| floor.is_reached_by(self.$parameter);
            self.floor.is_some_and(held)
        }
    };
}
pub(crate) use floor_under;
