# Install into an environment that uses this source tree as it stands: the environment gets the
# messages, and links to everything else, so that an edit needs no new installation.

# A plain path line would come after site-packages, where the generated package of the same name
# lies; the tree must come before it (aura_ros/__init__.py then extends its path to the messages).
set(path_file ${CMAKE_CURRENT_BINARY_DIR}/aura_ros.pth)
file(WRITE ${path_file} "import sys; sys.path.insert(0, r'${CMAKE_CURRENT_SOURCE_DIR}')\n")
install(FILES ${path_file} DESTINATION ${PYTHON_INSTALL_DIR})

set(share "\${CMAKE_INSTALL_PREFIX}/share/${PROJECT_NAME}")
install(CODE "file(CREATE_LINK \"${CMAKE_CURRENT_SOURCE_DIR}/config\" \"${share}/config\" SYMBOLIC)")
# `ros2 launch` does not look into linked folders, so each launch file has a link of its own.
install(CODE "
  file(REMOVE_RECURSE \"${share}/launch\")
  file(MAKE_DIRECTORY \"${share}/launch\")
  file(GLOB files RELATIVE \"${CMAKE_CURRENT_SOURCE_DIR}/launch\"
    \"${CMAKE_CURRENT_SOURCE_DIR}/launch/*.py\")
  foreach(name IN LISTS files)
    file(CREATE_LINK \"${CMAKE_CURRENT_SOURCE_DIR}/launch/\${name}\"
      \"${share}/launch/\${name}\" SYMBOLIC)
  endforeach()")

configure_file(cmake/aura.sh.in ${CMAKE_CURRENT_BINARY_DIR}/aura @ONLY USE_SOURCE_PERMISSIONS)
install(PROGRAMS ${CMAKE_CURRENT_BINARY_DIR}/aura DESTINATION bin)
