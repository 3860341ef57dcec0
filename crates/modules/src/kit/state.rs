//! Whether something should be there: the choices that most modules share. Ansible's messages and documents list
//! them in either order.

use crate::choice;

choice! {
    /// Whether something should be there; `present` is listed first.
    pub enum PresentAbsent {
        /// There.
        Present = "present",
        /// Not there.
        Absent = "absent",
    }
}

choice! {
    /// Whether something should be there; `absent` is listed first.
    pub enum AbsentPresent {
        /// Not there.
        Absent = "absent",
        /// There.
        Present = "present",
    }
}
