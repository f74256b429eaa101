# The real file packs the installed tree; there is nothing to pack here.
if(NOT EXISTS ${CMAKE_BINARY_DIR}/${PROJECT_NAME}.s4ext)
  message(FATAL_ERROR "Slicer_EXTENSION_CPACK is included before Slicer_EXTENSION_GENERATE_CONFIG")
endif()
