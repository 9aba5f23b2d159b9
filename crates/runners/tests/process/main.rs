//! Scripts, also hostile ones: whatever a script does, it is run to an end
//! that the record tells truly, and nothing of it is left.

mod brought;
mod canaries;
mod contract;
mod finding;
mod grants;
mod hostile;
mod leftovers;
mod library;
mod memory;
mod python;
mod python_environments;
mod python_packages;
mod python_venvs;
mod spare_dirs;
mod studio;
mod unavailable;
mod warm;
