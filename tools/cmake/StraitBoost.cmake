#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Finds the one Boost that strait is written for: 1.81, Debian 12's second one.
#
# In config mode, since only the config files that Boost itself installs tell one version from
# another: CMake's own FindBoost module looks at header paths and takes what comes first. "1.81.0
# EXACT" and not "1.81": Debian 12's default is 1.74, and BoostConfigVersion.cmake calls any newer
# version compatible and only the full number exact. Debian's -dev packages of 1.74 and 1.81
# conflict, so that the two lie beside each other only where one of them was installed by hand.
#
# Shared Boost libraries unless told otherwise: a static one inside a shared strait would export
# Boost's symbols from it.
if(NOT DEFINED Boost_USE_STATIC_LIBS)
    set(Boost_USE_STATIC_LIBS OFF)
endif()
find_package(Boost 1.81.0 EXACT CONFIG REQUIRED COMPONENTS serialization)
find_package(Threads REQUIRED)

# The right config files do not yet mean the right headers: a compiler looks into /usr/local/include
# first, whatever the directory that a package names, if that is one of its own.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES Boost::headers)
set(CMAKE_REQUIRED_QUIET ON)
check_cxx_source_compiles("
    #include <boost/version.hpp>
    static_assert(BOOST_VERSION / 100 == 1081);
    int main() {}" STRAIT_BOOST_HEADERS_ARE_1_81)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_QUIET)
if(NOT STRAIT_BOOST_HEADERS_ARE_1_81)
    message(FATAL_ERROR "The compiler finds the headers of another Boost before those of 1.81.")
endif()
