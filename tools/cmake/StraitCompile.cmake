#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Compile options of strait's own targets, and a compiler cache where there is one.

function(strait_compile_options target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${STRAIT_WERROR}>:-Werror>)
endfunction()

# The cache keeps results of one clone usable in another (BASEDIR, NOHASHDIR), and sees through
# precompiled headers only with this sloppiness.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(STRAIT_CCACHE ccache)
    mark_as_advanced(STRAIT_CCACHE)
    if(STRAIT_CCACHE)
        set(CMAKE_CXX_COMPILER_LAUNCHER
            ${CMAKE_COMMAND} -E env
            CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
            CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
            ${STRAIT_CCACHE})
    endif()
endif()
